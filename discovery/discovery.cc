#include "discovery/discovery.h"

#include <algorithm>
#include <utility>

#include "agent/platform/logging.h"
#include "discovery/job_discovery.h"
#include "discovery/kubernetes_discovery.h"
#include "discovery/static_targets.h"

namespace limpet {
namespace {

// One scope a namespace; all of them where none is named.
std::vector<KubernetesScope> Scopes(const KubernetesSdConfig& config) {
  KubernetesScope scope;
  for (const KubernetesSelector& selector : config.selectors) {
    if (selector.role != config.role) continue;
    scope.label_selector = selector.label;
    scope.field_selector = selector.field;
    break;
  }
  std::vector<KubernetesScope> scopes;
  for (const std::string& name_space : config.namespaces) {
    scope.name_space = name_space;
    if (std::find(scopes.begin(), scopes.end(), scope) == scopes.end()) scopes.push_back(scope);
  }
  scope.name_space.clear();
  scope.own_namespace = config.own_namespace;
  if (scopes.empty() || config.own_namespace) scopes.push_back(scope);
  return scopes;
}

}  // namespace

class Discovery::Impl {
 public:
  Impl(EventLoop& loop, const Clock& clock, TargetGroupListener listener, KubernetesOptions options)
      : loop_(loop),
        clock_(clock),
        listener_(std::move(listener)),
        options_(std::move(options)),
        release_timer_(loop) {}

  void Apply(const std::vector<ScrapeConfig>& configs) {
    std::vector<JobDiscovery> before = std::exchange(jobs_, {});
    std::vector<std::shared_ptr<KubernetesDiscovery>> started;
    for (const ScrapeConfig& config : configs) {
      const auto known = std::find_if(before.begin(), before.end(), [&](const JobDiscovery& job) {
        return job.name() == config.job_name;
      });
      std::vector<JobDiscovery::Member> members = Members(config, started);
      if (known != before.end()) {
        jobs_.push_back(std::move(*known));
        before.erase(known);
      } else {
        jobs_.emplace_back(config.job_name);
      }
      jobs_.back().Apply(StaticTargets(config.static_configs), std::move(members), listener_);
    }
    for (JobDiscovery& job : before) job.Apply({}, {}, listener_);
    before.clear();
    for (const auto& discovery : started) discovery->Start();
  }

  bool AllListed() const {
    return std::all_of(jobs_.begin(), jobs_.end(),
                       [](const JobDiscovery& job) { return job.AllListed(); });
  }

  std::vector<DiscoveryStatus> Status() const {
    std::vector<DiscoveryStatus> all;
    for (const auto& weak : discoveries_) {
      if (const auto discovery = weak.lock()) all.push_back(discovery->Status());
    }
    return all;
  }

 private:
  std::vector<JobDiscovery::Member> Members(
      const ScrapeConfig& config, std::vector<std::shared_ptr<KubernetesDiscovery>>& started) {
    std::vector<JobDiscovery::Member> members;
    for (size_t i = 0; i < config.kubernetes_sd_configs.size(); ++i) {
      const KubernetesSdConfig& sd = config.kubernetes_sd_configs[i];
      const KubernetesRole* role = FindKubernetesRole(sd.role);
      if (role == nullptr) {
        LogError("unknown role in kubernetes_sd_configs",
                 {{"job", config.job_name}, {"role", sd.role}});
        continue;
      }
      const KubernetesAccess access{sd.api_server, sd.kubeconfig_file, sd.http};
      for (const KubernetesScope& scope : Scopes(sd)) {
        members.push_back({Find(access, *role, scope, started), i});
      }
    }
    return members;
  }

  std::shared_ptr<KubernetesDiscovery> Find(
      const KubernetesAccess& access, const KubernetesRole& role, const KubernetesScope& scope,
      std::vector<std::shared_ptr<KubernetesDiscovery>>& started) {
    std::erase_if(discoveries_, [](const auto& weak) { return weak.expired(); });
    for (const auto& weak : discoveries_) {
      if (auto discovery = weak.lock(); discovery->Is(access, role, scope)) return discovery;
    }
    auto discovery = std::make_shared<KubernetesDiscovery>(
        loop_, clock_, FindApi(access), role, scope, options_.watch,
        [this](KubernetesDiscovery& from, const std::vector<TargetGroup>& groups) {
          for (JobDiscovery& job : jobs_) job.OnChange(from, groups, listener_);
        },
        [this] { Release(); });
    discoveries_.push_back(discovery);
    started.push_back(discovery);
    return discovery;
  }

  // The discovery that calls may be among those that are released: they end in the next turn.
  void Release() {
    for (JobDiscovery& job : jobs_) {
      for (auto& discovery : job.Release(listener_)) released_.push_back(std::move(discovery));
    }
    if (!released_.empty()) release_timer_.After(Millis(0), [this] { released_.clear(); });
  }

  std::shared_ptr<KubernetesApi> FindApi(const KubernetesAccess& access) {
    std::erase_if(apis_, [](const auto& weak) { return weak.expired(); });
    for (const auto& weak : apis_) {
      if (auto api = weak.lock(); api->access() == access) return api;
    }
    auto api = std::make_shared<KubernetesApi>(access, options_.environment);
    apis_.push_back(api);
    return api;
  }

  EventLoop& loop_;
  const Clock& clock_;
  const TargetGroupListener listener_;
  const KubernetesOptions options_;
  std::vector<std::weak_ptr<KubernetesApi>> apis_;
  std::vector<std::weak_ptr<KubernetesDiscovery>> discoveries_;
  std::vector<JobDiscovery> jobs_;
  std::vector<std::shared_ptr<KubernetesDiscovery>> released_;
  Timer release_timer_;
};

Discovery::Discovery(EventLoop& loop, const Clock& clock, TargetGroupListener listener,
                     KubernetesOptions options)
    : impl_(std::make_unique<Impl>(loop, clock, std::move(listener), std::move(options))) {}
Discovery::~Discovery() = default;
void Discovery::Apply(const std::vector<ScrapeConfig>& jobs) { impl_->Apply(jobs); }
bool Discovery::AllListed() const { return impl_->AllListed(); }
std::vector<DiscoveryStatus> Discovery::Status() const { return impl_->Status(); }

}  // namespace limpet
