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
std::vector<KubernetesScope> Scopes(const KubernetesSdConfig& config, const KubernetesRole& role) {
  std::vector<KubernetesScope> scopes;
  if (!role.kind.namespaced) return {KubernetesScope()};
  for (const std::string& name_space : config.namespaces) {
    const KubernetesScope scope{name_space, false, "", ""};
    if (std::find(scopes.begin(), scopes.end(), scope) == scopes.end()) scopes.push_back(scope);
  }
  if (scopes.empty() || config.own_namespace) {
    scopes.push_back({"", config.own_namespace, "", ""});
  }
  return scopes;
}

// The scope of one kind: without a namespace where the kind has none, with its selectors.
KubernetesScope ScopeOf(KubernetesScope scope, const KubernetesKind& kind,
                        std::string_view selector_role, const KubernetesSdConfig& config) {
  if (!kind.namespaced) scope = KubernetesScope();
  for (const KubernetesSelector& selector : config.selectors) {
    if (selector.role != selector_role) continue;
    scope.label_selector = selector.label;
    scope.field_selector = selector.field;
    break;
  }
  return scope;
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
    started_.clear();
    for (const ScrapeConfig& config : configs) {
      const auto known = std::find_if(before.begin(), before.end(), [&](const JobDiscovery& job) {
        return job.name() == config.job_name;
      });
      std::vector<JobDiscovery::Member> members = Members(config);
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
    for (const auto& store : std::exchange(started_, {})) store->Start();
  }

  bool AllListed() const {
    return std::all_of(jobs_.begin(), jobs_.end(),
                       [](const JobDiscovery& job) { return job.AllListed(); });
  }

  std::vector<DiscoveryStatus> Status() const {
    std::vector<DiscoveryStatus> all;
    for (const auto& weak : stores_) {
      if (const auto store = weak.lock()) all.push_back(store->Status());
    }
    return all;
  }

 private:
  std::vector<JobDiscovery::Member> Members(const ScrapeConfig& config) {
    std::vector<JobDiscovery::Member> members;
    for (size_t i = 0; i < config.kubernetes_sd_configs.size(); ++i) {
      const KubernetesSdConfig& sd = config.kubernetes_sd_configs[i];
      const KubernetesRole* role = FindKubernetesRole(sd.role);
      if (role == nullptr) {
        LogError("unknown role in kubernetes_sd_configs",
                 {{"job", config.job_name}, {"role", sd.role}});
        continue;
      }
      for (const KubernetesScope& scope : Scopes(sd, *role)) {
        members.push_back({FindDiscovery(PartsOf(sd, *role, scope)), i});
      }
    }
    return members;
  }

  KubernetesDiscovery::Parts PartsOf(const KubernetesSdConfig& sd, const KubernetesRole& role,
                                     const KubernetesScope& scope) {
    const KubernetesAccess access{sd.api_server, sd.kubeconfig_file, sd.http};
    KubernetesDiscovery::Parts parts;
    parts.role = &role;
    parts.attach = sd.attach;
    parts.objects = FindStore(access, role.kind, ScopeOf(scope, role.kind, role.name, sd));
    for (const Related related : kAllRelated) {
      if (!role.needs(related, sd.attach)) continue;
      const auto& [kind, selector_role] = KindOf(related);
      parts.related[static_cast<size_t>(related)] =
          FindStore(access, kind, ScopeOf(scope, kind, selector_role, sd));
    }
    return parts;
  }

  std::shared_ptr<KubernetesStore> FindStore(const KubernetesAccess& access,
                                             const KubernetesKind& kind,
                                             const KubernetesScope& scope) {
    std::erase_if(stores_, [](const auto& weak) { return weak.expired(); });
    for (const auto& weak : stores_) {
      if (auto store = weak.lock(); store->Is(access, kind, scope)) return store;
    }
    auto store = std::make_shared<KubernetesStore>(loop_, clock_, FindApi(access), kind, scope,
                                                   options_.watch);
    stores_.push_back(store);
    started_.push_back(store);
    return store;
  }

  std::shared_ptr<KubernetesDiscovery> FindDiscovery(KubernetesDiscovery::Parts parts) {
    std::erase_if(discoveries_, [](const auto& weak) { return weak.expired(); });
    for (const auto& weak : discoveries_) {
      if (auto discovery = weak.lock(); discovery->Is(parts)) return discovery;
    }
    auto discovery = std::make_shared<KubernetesDiscovery>(
        std::move(parts),
        [this](KubernetesDiscovery& from, const std::vector<TargetGroup>& groups) {
          for (JobDiscovery& job : jobs_) job.OnChange(from, groups, listener_);
        },
        [this] { Release(); });
    discoveries_.push_back(discovery);
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
  std::vector<std::weak_ptr<KubernetesStore>> stores_;
  std::vector<std::shared_ptr<KubernetesStore>> started_;  // while a configuration is applied
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
