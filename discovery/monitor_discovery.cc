#include "discovery/monitor_discovery.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "agent/platform/logging.h"
#include "discovery/monitor_entry.h"
#include "discovery/monitor_kind.h"
#include "discovery/monitor_translation.h"
#include "discovery/record.h"
#include "discovery/referenced_objects.h"

namespace limpet {
namespace {

constexpr size_t kObjectsMax = 10'000;
constexpr size_t kJobsMax = 2000;

std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text.append(text.empty() ? "" : "; ").append(line);
  return text;
}

}  // namespace

class MonitorDiscovery::Impl : private KubernetesStore::Subscriber {
 public:
  Impl(EventLoop& loop, KubernetesStores& stores, Listener listener)
      : stores_(stores), listener_(std::move(listener)), references_(stores, *this), timer_(loop) {}
  ~Impl() override { Unsubscribe(); }

  void Apply(const Config& config) {
    std::set<std::string> file_jobs;
    for (const ScrapeConfig& job : config.scrape_configs) file_jobs.insert(job.job_name);
    const bool same = config.kubernetes_monitors == settings_ && config.global == global_ &&
                      file_jobs == file_jobs_;
    if (!same) ++settings_version_;
    settings_ = config.kubernetes_monitors;
    global_ = config.global;
    file_jobs_ = std::move(file_jobs);
    Watch();
    Pass();
    changed_.clear();
    gone_.clear();
    stores_.StartNew();
  }

  std::vector<ScrapeConfig> Jobs() const {
    std::map<std::string_view, const ScrapeConfig*> by_name;
    for (const auto& [key, entry] : entries_) {
      for (const ScrapeConfig& job : entry.jobs) by_name[job.job_name] = &job;
    }
    std::vector<ScrapeConfig> jobs;
    for (const auto& [name, job] : by_name) jobs.push_back(*job);
    return jobs;
  }

  bool AllListed() const {
    return (namespaces_ == nullptr || namespaces_->listed()) &&
           std::all_of(watches_.begin(), watches_.end(),
                       [](const KindWatch& watch) { return watch.store->listed(); });
  }

  std::vector<MonitorStatus> Status() const {
    std::vector<MonitorStatus> all;
    for (const auto& [key, entry] : entries_) {
      MonitorStatus& status = all.emplace_back();
      status.kind = kMonitorKindNames[static_cast<size_t>(key.kind)];
      status.name_space = key.name_space;
      status.name = key.name;
      status.state = entry.state();
      status.errors = entry.errors;
      for (const MonitorReference& reference : entry.waits_for) {
        status.errors.push_back(reference.ToString() + ": " + references_.Trouble(reference));
      }
      for (const ScrapeConfig& job : entry.jobs) status.jobs.push_back(job.job_name);
    }
    return all;
  }

 private:
  struct KindWatch {
    MonitorKind kind;
    std::shared_ptr<KubernetesStore> store;
  };

  void OnStoreChange(const KubernetesStore&, const std::vector<KubernetesStore::Slot>&) override {
    Schedule();
  }
  void OnStoreList(const KubernetesStore&) override { Schedule(); }

  // Neither stores nor listener may be touched while a store tells its change.
  void Schedule() {
    if (std::exchange(scheduled_, true)) return;
    timer_.After(Millis(0), [this] {
      scheduled_ = false;
      Pass();
      stores_.StartNew();
      const std::vector<ScrapeConfig> changed = std::exchange(changed_, {});
      const std::vector<std::string> gone = std::exchange(gone_, {});
      if (!changed.empty() || !gone.empty()) listener_(changed, gone);
    });
  }

  std::shared_ptr<KubernetesStore> Subscribed(const KubernetesKind& kind,
                                              const KubernetesScope& scope) {
    auto store = stores_.Find(AccessOf(*settings_), kind, scope);
    store->Subscribe(*this);
    return store;
  }

  static KubernetesAccess AccessOf(const KubernetesMonitorsConfig& settings) {
    return {settings.api_server, settings.kubeconfig_file, settings.http};
  }

  void Unsubscribe() {
    for (const KindWatch& watch : watches_) watch.store->Unsubscribe(*this);
    if (namespaces_ != nullptr) namespaces_->Unsubscribe(*this);
  }

  // The watches that the settings want; those that they still want go on.
  void Watch() {
    // Before the new ones are subscribed to, which may be the same; they live until the end of
    // this.
    Unsubscribe();
    const std::vector<KindWatch> watches = std::exchange(watches_, {});
    const std::shared_ptr<KubernetesStore> namespaces = std::exchange(namespaces_, nullptr);
    if (settings_) {
      references_.SetAccess(AccessOf(*settings_));
      const std::string& selector = settings_->selector;
      std::vector<KubernetesScope> scopes;
      for (const std::string& name_space : settings_->namespaces) {
        scopes.push_back({name_space, false, selector, ""});
      }
      if (scopes.empty() || settings_->own_namespace) {
        scopes.push_back({"", settings_->own_namespace, selector, ""});
      }
      for (const MonitorKind kind : settings_->kinds) {
        for (const KubernetesScope& scope : scopes) {
          watches_.push_back({kind, Subscribed(KubernetesKindOf(kind), scope)});
        }
      }
      if (!settings_->namespace_selector.empty()) {
        namespaces_ = Subscribed(kNamespaceKind, {"", false, settings_->namespace_selector, ""});
      }
    }
  }

  // Brings the entries up to date with what the stores know.
  void Pass() {
    if (namespaces_ != nullptr && !namespaces_->listed()) return;
    for (auto& [key, entry] : entries_) entry.seen = false;
    for (const KindWatch& watch : watches_) {
      for (KubernetesStore::Slot slot = 0; slot < watch.store->slots(); ++slot) {
        if (watch.store->IsKnown(slot)) Look(watch, watch.store->record(slot));
      }
    }
    std::set<MonitorReference> needed;
    const size_t jobs_before = jobs_total_;
    for (auto it = entries_.begin(); it != entries_.end();) {
      if (!it->second.seen && IsGone(it->first, it->second)) {
        Take(it->second, {});
        it = entries_.erase(it);
      } else {
        needed.insert(it->second.asked.begin(), it->second.asked.end());
        ++it;
      }
    }
    references_.Keep(needed);
    const auto lacks_room = [](const auto& known) { return known.second.too_many; };
    if (jobs_total_ < jobs_before && std::any_of(entries_.begin(), entries_.end(), lacks_room)) {
      Schedule();
    }
  }

  // Not where one of the new watches of its kind may yet find it.
  bool IsGone(const MonitorKey& key, const MonitorEntry& entry) const {
    return std::none_of(watches_.begin(), watches_.end(), [&](const KindWatch& watch) {
      if (watch.kind != key.kind || watch.store == entry.store.lock()) return false;
      const std::string& name_space = watch.store->name_space();
      return !watch.store->listed() && (name_space.empty() || name_space == key.name_space);
    });
  }

  void Look(const KindWatch& watch, const std::string& record) {
    const MonitorObject object = DecodeMonitor(record);
    if (namespaces_ != nullptr &&
        !namespaces_->FindKnown(RecordKey("", object.name_space)).has_value()) {
      return;
    }
    const MonitorKey key{watch.kind, std::string(object.name_space), std::string(object.name)};
    if (entries_.size() >= kObjectsMax && !entries_.contains(key)) {
      if (std::exchange(full_logged_, true)) return;
      return LogWarn("more than 10000 monitor objects, the others are passed over", {});
    }
    MonitorEntry& entry = entries_[key];
    if (std::exchange(entry.seen, true)) return;
    entry.store = watch.store;
    const uint64_t hash = std::hash<std::string>()(record);
    if (!entry.too_many && entry.record == hash && entry.settings == settings_version_ &&
        entry.references == VersionOf(entry.asked)) {
      return;
    }
    entry.record = hash;
    entry.settings = settings_version_;
    Translate(key, object, entry);
  }

  uint64_t VersionOf(const std::set<MonitorReference>& references) const {
    uint64_t version = 0;
    for (const MonitorReference& reference : references) {
      version = (version + references_.Version(reference)) * 0x9e3779b97f4a7c15;
    }
    return version;
  }

  void Translate(const MonitorKey& key, const MonitorObject& object, MonitorEntry& entry) {
    const MonitorInput input{key.kind, key.name_space, key.name, object.spec, *settings_, global_};
    MonitorJobs made;
    references_.TakeAsked();
    if (object.problem.empty()) {
      made = TranslateMonitor(input, references_);
    } else {
      made.errors.emplace_back(object.problem);
    }
    entry.asked = references_.TakeAsked();
    entry.references = VersionOf(entry.asked);
    CheckRoom(entry, made);
    entry.errors = std::move(made.errors);
    entry.waits_for = std::move(made.waits_for);
    // While it waits, what it had goes on: a Secret that is only now watched takes nothing back.
    if (entry.state() != MonitorState::kWaiting) Take(entry, std::move(made.jobs));
    LogState(key, entry);
  }

  void CheckRoom(MonitorEntry& entry, MonitorJobs& made) {
    for (const ScrapeConfig& job : made.jobs) {
      if (!file_jobs_.contains(job.job_name)) continue;
      made.errors.push_back("metadata.name: the configuration file has a job " + job.job_name);
    }
    const size_t others = jobs_total_ - entry.jobs.size();
    entry.too_many = others + made.jobs.size() > kJobsMax;
    if (entry.too_many) made.errors.emplace_back("spec: objects make more than 2000 jobs");
    if (!made.errors.empty()) made.jobs.clear();
  }

  // Notes which of the entry's jobs are others now.
  void Take(MonitorEntry& entry, std::vector<ScrapeConfig> jobs) {
    for (const ScrapeConfig& job : jobs) {
      const bool same = std::find(entry.jobs.begin(), entry.jobs.end(), job) != entry.jobs.end();
      if (!same) changed_.push_back(job);
    }
    for (const ScrapeConfig& before : entry.jobs) {
      const bool stays = std::any_of(jobs.begin(), jobs.end(), [&](const ScrapeConfig& job) {
        return job.job_name == before.job_name;
      });
      if (!stays) gone_.push_back(before.job_name);
    }
    jobs_total_ = jobs_total_ - entry.jobs.size() + jobs.size();
    entry.jobs = std::move(jobs);
  }

  static void LogState(const MonitorKey& key, MonitorEntry& entry) {
    std::string errors = Joined(entry.errors);
    if (errors == entry.logged) return;
    const std::string_view kind = kMonitorKindNames[static_cast<size_t>(key.kind)];
    if (errors.empty()) {
      LogInfo("monitor object is in order again",
              {{"kind", kind}, {"namespace", key.name_space}, {"name", key.name}});
    } else {
      LogWarn(
          "monitor object has no jobs",
          {{"kind", kind}, {"namespace", key.name_space}, {"name", key.name}, {"error", errors}});
    }
    entry.logged = std::move(errors);
  }

  KubernetesStores& stores_;
  const Listener listener_;
  std::optional<KubernetesMonitorsConfig> settings_;
  GlobalConfig global_;
  std::set<std::string> file_jobs_;
  uint64_t settings_version_ = 0;
  std::vector<KindWatch> watches_;
  std::shared_ptr<KubernetesStore> namespaces_;  // those that are selected; null: all are
  ReferencedObjects references_;
  std::map<MonitorKey, MonitorEntry> entries_;
  size_t jobs_total_ = 0;
  std::vector<ScrapeConfig> changed_;  // since the listener was told
  std::vector<std::string> gone_;
  bool full_logged_ = false;
  bool scheduled_ = false;
  Timer timer_;
};

MonitorDiscovery::MonitorDiscovery(EventLoop& loop, KubernetesStores& stores, Listener listener)
    : impl_(std::make_unique<Impl>(loop, stores, std::move(listener))) {}
MonitorDiscovery::~MonitorDiscovery() = default;
void MonitorDiscovery::Apply(const Config& config) { impl_->Apply(config); }
std::vector<ScrapeConfig> MonitorDiscovery::Jobs() const { return impl_->Jobs(); }
bool MonitorDiscovery::AllListed() const { return impl_->AllListed(); }
std::vector<MonitorStatus> MonitorDiscovery::Status() const { return impl_->Status(); }

}  // namespace limpet
