#include "discovery/discovery.h"

#include <algorithm>
#include <utility>

#include "agent/platform/logging.h"
#include "discovery/file_discovery.h"
#include "discovery/http_discovery.h"
#include "discovery/job_discovery.h"
#include "discovery/kubernetes_discovery.h"
#include "discovery/kubernetes_stores.h"
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
        stores_(loop, clock, std::move(options)),
        release_timer_(loop) {}

  void Apply(const std::vector<ScrapeConfig>& configs) {
    std::vector<JobDiscovery> before = std::exchange(jobs_, {});
    for (const ScrapeConfig& config : configs) {
      const auto known = FindJob(before, config.job_name);
      // Before what the job has now may end, so that both can share it.
      std::vector<JobDiscovery::Member> members = Members(config);
      if (known != before.end()) {
        jobs_.push_back(std::move(*known));
        before.erase(known);
      } else {
        jobs_.emplace_back(config.job_name);
      }
      ApplyJob(config, std::move(members), jobs_.back());
    }
    for (JobDiscovery& job : before) job.Apply({}, {}, listener_);
    before.clear();
    stores_.StartNew();
  }

  void Change(const std::vector<ScrapeConfig>& changed, const std::vector<std::string>& gone) {
    for (const ScrapeConfig& config : changed) {
      std::vector<JobDiscovery::Member> members = Members(config);
      auto job = FindJob(jobs_, config.job_name);
      if (job == jobs_.end()) job = jobs_.insert(job, JobDiscovery(config.job_name));
      ApplyJob(config, std::move(members), *job);
    }
    for (const std::string& name : gone) {
      const auto job = FindJob(jobs_, name);
      if (job == jobs_.end()) continue;
      job->Apply({}, {}, listener_);
      jobs_.erase(job);
    }
    stores_.StartNew();
  }

  bool AllListed() const {
    return std::all_of(jobs_.begin(), jobs_.end(), [](const JobDiscovery& job) {
      return !job.is_required() || job.AllListed();
    });
  }

  void ForEachWanted(const std::string& name, const WantTargetGroup& want,
                     const TakeTargetGroup& take) {
    const auto job = FindJob(jobs_, name);
    if (job != jobs_.end()) job->ForEachWanted(want, take);
  }

  void ForEachSighting(const PodName& pod, const OnPodSighting& function) const {
    JobDiscovery::Sightings known;
    for (const JobDiscovery& job : jobs_) job.ForEachSighting(pod, known, function);
  }

  KubernetesStores& stores() { return stores_; }
  std::vector<DiscoveryStatus> Status() const { return stores_.Status(); }

  std::vector<RefreshStatus> Refreshes() const {
    std::vector<RefreshStatus> all;
    for (const auto& weak : files_) {
      if (const auto source = weak.lock()) all.push_back(source->Status());
    }
    for (const auto& weak : https_) {
      if (const auto source = weak.lock()) all.push_back(source->Status());
    }
    return all;
  }

 private:
  static std::vector<JobDiscovery>::iterator FindJob(std::vector<JobDiscovery>& jobs,
                                                     const std::string& name) {
    return std::find_if(jobs.begin(), jobs.end(),
                        [&](const JobDiscovery& job) { return job.name() == name; });
  }

  void ApplyJob(const ScrapeConfig& config, std::vector<JobDiscovery::Member> members,
                JobDiscovery& job) {
    job.set_required(config.made_from.empty());
    job.Apply(StaticTargets(config.static_configs), std::move(members), listener_);
  }

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
    for (size_t i = 0; i < config.file_sd_configs.size(); ++i) {
      members.push_back({FindFiles(config.file_sd_configs[i]), i});
    }
    for (size_t i = 0; i < config.http_sd_configs.size(); ++i) {
      members.push_back({FindHttp(config.http_sd_configs[i]), i});
    }
    return members;
  }

  KubernetesDiscovery::Parts PartsOf(const KubernetesSdConfig& sd, const KubernetesRole& role,
                                     const KubernetesScope& scope) {
    const KubernetesAccess access{sd.api_server, sd.kubeconfig_file, sd.http};
    KubernetesDiscovery::Parts parts;
    parts.role = &role;
    parts.attach = sd.attach;
    parts.objects = stores_.Find(access, role.kind, ScopeOf(scope, role.kind, role.name, sd));
    for (const Related related : kAllRelated) {
      if (!role.needs(related, sd.attach)) continue;
      const auto& [kind, selector_role] = KindOf(related);
      parts.related[static_cast<size_t>(related)] =
          stores_.Find(access, kind, ScopeOf(scope, kind, selector_role, sd));
    }
    return parts;
  }

  // The one of that kind which does just this, or a new one that `make` makes.
  template <typename Source, typename Wanted, typename Make>
  static std::shared_ptr<Source> FindShared(std::vector<std::weak_ptr<Source>>& known,
                                            const Wanted& wanted, const Make& make) {
    std::erase_if(known, [](const auto& weak) { return weak.expired(); });
    for (const auto& weak : known) {
      if (auto source = weak.lock(); source->Is(wanted)) return source;
    }
    std::shared_ptr<Source> source = make();
    known.push_back(source);
    return source;
  }

  std::shared_ptr<GroupSource> FindDiscovery(const KubernetesDiscovery::Parts& parts) {
    return FindShared(discoveries_, parts, [&] {
      return std::make_shared<KubernetesDiscovery>(parts, OnChange(), OnList());
    });
  }

  std::shared_ptr<GroupSource> FindFiles(const FileSdConfig& config) {
    return FindShared(files_, config, [&] {
      return std::make_shared<FileDiscovery>(loop_, clock_, config, OnChange());
    });
  }

  std::shared_ptr<GroupSource> FindHttp(const HttpSdConfig& config) {
    return FindShared(https_, config, [&] {
      return std::make_shared<HttpDiscovery>(loop_, clock_, config, OnChange(), OnList());
    });
  }

  GroupSource::OnChange OnChange() {
    return [this](GroupSource& from, const std::vector<TargetGroup>& groups) {
      for (JobDiscovery& job : jobs_) job.OnChange(from, groups, listener_);
    };
  }

  GroupSource::OnList OnList() {
    return [this] { Release(); };
  }

  // The discovery that calls may be among those that are released: they end in the next turn.
  void Release() {
    for (JobDiscovery& job : jobs_) {
      for (auto& discovery : job.Release(listener_)) released_.push_back(std::move(discovery));
    }
    if (!released_.empty()) release_timer_.After(Millis(0), [this] { released_.clear(); });
  }

  EventLoop& loop_;
  const Clock& clock_;
  const TargetGroupListener listener_;
  KubernetesStores stores_;
  std::vector<std::weak_ptr<KubernetesDiscovery>> discoveries_;
  std::vector<std::weak_ptr<FileDiscovery>> files_;
  std::vector<std::weak_ptr<HttpDiscovery>> https_;
  std::vector<JobDiscovery> jobs_;
  std::vector<std::shared_ptr<GroupSource>> released_;
  Timer release_timer_;
};

Discovery::Discovery(EventLoop& loop, const Clock& clock, TargetGroupListener listener,
                     KubernetesOptions options)
    : impl_(std::make_unique<Impl>(loop, clock, std::move(listener), std::move(options))) {}
Discovery::~Discovery() = default;
void Discovery::Apply(const std::vector<ScrapeConfig>& jobs) { impl_->Apply(jobs); }
void Discovery::Change(const std::vector<ScrapeConfig>& changed,
                       const std::vector<std::string>& gone) {
  impl_->Change(changed, gone);
}
bool Discovery::AllListed() const { return impl_->AllListed(); }
std::vector<DiscoveryStatus> Discovery::Status() const { return impl_->Status(); }
std::vector<RefreshStatus> Discovery::Refreshes() const { return impl_->Refreshes(); }
KubernetesStores& Discovery::stores() { return impl_->stores(); }
void Discovery::ForEachWanted(const std::string& job, const WantTargetGroup& want,
                              const TakeTargetGroup& take) const {
  impl_->ForEachWanted(job, want, take);
}
void Discovery::ForEachSighting(const PodName& pod, const OnPodSighting& function) const {
  impl_->ForEachSighting(pod, function);
}

}  // namespace limpet
