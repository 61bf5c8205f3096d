#include "agent/web/explain.h"

#include <algorithm>
#include <array>
#include <string>

#include "agent/config/kubernetes_name.h"
#include "agent/relabel/relabel_trace.h"
#include "agent/scrape/target_explanation.h"
#include "agent/web/api.h"
#include "agent/web/json_writer.h"
#include "agent/web/relabel_steps.h"
#include "agent/web/target_text.h"

namespace limpet {
namespace {

constexpr size_t kWatchesMax = 50;
constexpr uint64_t kPoolsMax = 100;
constexpr uint64_t kNotSeenMax = 100;
constexpr uint64_t kTargetsPerPool = 10;
constexpr uint64_t kTargetsMax = 100;
constexpr uint64_t kLookedAtMax = 2000;
constexpr size_t kBytesMax = 1u << 20;
constexpr size_t kFates = std::size(kTargetFateNames);

Result<PodName> PodNameOf(const WebSources& sources, std::string_view text) {
  if (text.empty()) return Error{"no pod parameter provided; expected pod=NAMESPACE/NAME"};
  const size_t slash = text.find('/');
  PodName pod;
  if (slash == std::string_view::npos) {
    pod.name_space = sources.own_namespace();
    if (pod.name_space.empty()) {
      return Error{"expected NAMESPACE/NAME: limpet's own namespace is not known"};
    }
  } else {
    pod.name_space = text.substr(0, slash);
    text.remove_prefix(slash + 1);
  }
  pod.name = text;
  if (!IsNamespaceName(pod.name_space) || !IsObjectName(pod.name)) {
    return Error{"expected NAMESPACE/NAME of lower case letters, digits, - and ."};
  }
  return pod;
}

class Explainer {
 public:
  Explainer(const WebSources& sources, PodName pod) : sources_(sources), pod_(std::move(pod)) {}

  std::string Json() {
    sources_.for_each_sighting(pod_, [this](const std::string& job, const PodSighting& sighting) {
      sighting.seen ? AddPool(job, sighting) : AddNotSeen(job, sighting);
    });
    PodSearch search = sources_.look_for_pod(pod_);
    const size_t watches = search.watches.size();
    if (watches > kWatchesMax) search.watches.resize(kWatchesMax);

    std::string out = "{\"status\":\"success\",\"data\":{\"pod\":";
    Append(out, [&](JsonWriter& json) {
      json.StartObject();
      json.Field("namespace", pod_.name_space);
      json.Field("name", pod_.name);
      json.EndObject();
    });
    out += ",\"verdict\":\"" + std::string(Verdict(search.pod.has_value())) + "\",\"object\":";
    Append(out, [&](JsonWriter& json) { WriteObject(search.pod, json); });
    out += ",\"watches\":";
    Append(out, [&](JsonWriter& json) { WriteWatches(search.watches, json); });
    out += ",\"scrapePools\":[" + pools_text_ + "],\"notSeenBy\":[" + not_seen_text_ + "]";
    out += ",\"notShown\":{\"watches\":" + std::to_string(watches - search.watches.size()) +
           ",\"scrapePools\":" + std::to_string(pools_ - pools_shown_) +
           ",\"notSeenBy\":" + std::to_string(not_seen_ - std::min(not_seen_, kNotSeenMax)) +
           ",\"targets\":" + std::to_string(targets_ - targets_shown_) +
           ",\"targetsNotLookedAt\":" + std::to_string(targets_ - looked_at_) + "}}}";
    return out;
  }

 private:
  using Counts = std::array<uint64_t, kFates>;

  template <typename Write>
  static void Append(std::string& out, const Write& write) {
    JsonWriter json(out);
    write(json);
  }

  static void WriteObject(const std::optional<PodState>& pod, JsonWriter& json) {
    if (!pod) return json.Null();
    json.StartObject();
    json.Field("ip", pod->ip);
    json.Field("phase", pod->phase);
    json.Field("ready", pod->ready);
    json.Field("node", pod->node_name);
    json.Field("controller", pod->controller);
    json.EndObject();
  }

  static void WriteWatches(const std::vector<PodWatch>& watches, JsonWriter& json) {
    json.StartArray();
    for (const PodWatch& watch : watches) {
      json.StartObject();
      json.Field("role", watch.status.role);
      json.Field("namespace", watch.status.name_space);
      json.Field("labelSelector", watch.status.label_selector);
      json.Field("fieldSelector", watch.status.field_selector);
      json.Field("apiServer", watch.status.api_server);
      WriteFlag("coversNamespace", watch.covers, json);
      WriteFlag("listed", watch.status.listed, json);
      WriteFlag("connected", watch.status.connected, json);
      json.Field("objects", watch.status.objects);
      json.Field("lastError", watch.status.last_error);
      WriteFlag("hasPod", watch.has_pod, json);
      json.EndObject();
    }
    json.EndArray();
  }

  static void WriteFlag(std::string_view key, bool value, JsonWriter& json) {
    json.Key(key);
    json.Flag(value);
  }

  void WritePoolHead(const std::string& job, const PodSighting& sighting, JsonWriter& json) const {
    const ScrapeConfig* const config = sources_.find_job(job);
    json.Field("scrapePool", job);
    json.Field("madeFrom", config == nullptr ? "" : config->made_from);
    json.Field("role", sighting.role);
    json.Field("configIndex", uint64_t{sighting.config_index});
    json.Field("reason", sighting.reason);
  }

  void AddNotSeen(const std::string& job, const PodSighting& sighting) {
    if (++not_seen_ > kNotSeenMax) return;
    if (!not_seen_text_.empty()) not_seen_text_ += ',';
    JsonWriter json(not_seen_text_);
    json.StartObject();
    WritePoolHead(job, sighting, json);
    json.EndObject();
  }

  void AddPool(const std::string& job, const PodSighting& sighting) {
    ++pools_;
    const bool shown = pools_shown_ < kPoolsMax && pools_text_.size() < kBytesMax;
    // One that is not shown counts for the verdict all the same.
    std::string unseen;
    std::string& text = shown ? pools_text_ : unseen;
    if (shown && ++pools_shown_ > 1) text += ',';
    JsonWriter json(text);
    json.StartObject();
    WritePoolHead(job, sighting, json);
    json.Key("targets");
    json.StartArray();
    Counts counts{};
    shown_of_pool_ = 0;
    for (const TargetGroup& group : sighting.groups) AddTargets(job, group, shown, counts, json);
    json.EndArray();
    json.Key("targetCounts");
    json.StartObject();
    for (size_t i = 0; i < kFates; ++i) {
      if (counts[i] > 0) json.Field(kTargetFateNames[i], counts[i]);
      totals_[i] += counts[i];
    }
    json.EndObject();
    json.EndObject();
  }

  void AddTargets(const std::string& job, const TargetGroup& group, bool pool_shown, Counts& counts,
                  JsonWriter& json) {
    targets_ += group.targets.size();
    if (looked_at_ >= kLookedAtMax) return;
    sources_.explain_targets(job, group, [&](const TargetExplanation& target) {
      const bool first_of_its_state = counts[static_cast<size_t>(target.fate)]++ == 0;
      const bool room = targets_shown_ < kTargetsMax && pools_text_.size() < kBytesMax;
      if (pool_shown && room && (first_of_its_state || shown_of_pool_ < kTargetsPerPool)) {
        WriteTarget(target, json);
        ++shown_of_pool_;
        ++targets_shown_;
      }
      return ++looked_at_ < kLookedAtMax;
    });
  }

  void WriteTarget(const TargetExplanation& target, JsonWriter& json) const {
    json.StartObject();
    json.Field("state", kTargetFateNames[static_cast<size_t>(target.fate)]);
    if (!target.error.empty()) json.Field("error", target.error);
    json.Key("discoveredLabels");
    json.Object(target.discovered);
    WriteSteps(target, json);
    if (target.status != nullptr) WriteStatus(target, *target.status, json);
    json.EndObject();
  }

  static void WriteStatus(const TargetExplanation& target, const TargetStatus& status,
                          JsonWriter& json) {
    if (target.fate == TargetFate::kDuplicate) {
      json.Key("duplicateOf");
      json.Object(status.discovered_labels);
    }
    json.Key("labels");
    json.Object(status.labels);
    json.Field("scrapeUrl", status.scrape_url);
    json.Field("health", HealthText(status.health));
    json.Field("lastError", status.last_error);
    json.Field("lastScrape", ScrapeTimeText(status.last_scrape_ms));
    json.Field("lastScrapeDuration", status.last_scrape_duration_seconds);
  }

  void WriteSteps(const TargetExplanation& target, JsonWriter& json) const {
    const RelabelRule* dropped_by = nullptr;
    size_t dropped_by_index = 0;
    uint64_t not_shown = 0;
    json.Key("steps");
    json.StartArray();
    TraceRelabelRules(target.job.relabel_configs, target.discovered, [&](const RelabelStep& step) {
      if (!step.keep) {
        dropped_by = &step.rule;
        dropped_by_index = step.index;
      }
      if (pools_text_.size() < kBytesMax) {
        WriteStep(step, json);
      } else {
        ++not_shown;
      }
    });
    json.EndArray();
    if (not_shown > 0) json.Field("stepsNotShown", not_shown);
    if (dropped_by == nullptr) return;
    json.Key("droppedBy");
    json.StartObject();
    WriteRuleNumber(dropped_by_index, *dropped_by, json);
    json.Field("action", RelabelActionName(dropped_by->action));
    json.EndObject();
  }

  static void WriteRuleNumber(size_t index, const RelabelRule& rule, JsonWriter& json) {
    json.Field("index", uint64_t{index});
    if (rule.line.number > 0) json.Field("line", int64_t{rule.line.number});
  }

  static void WriteStep(const RelabelStep& step, JsonWriter& json) {
    json.StartObject();
    WriteRuleNumber(step.index, step.rule, json);
    json.Key("rule");
    WriteRelabelRule(step.rule, json);
    WriteFlag("keep", step.keep, json);
    const LabelChanges changes = step.keep ? ChangesOf(step.before, step.after) : LabelChanges();
    json.Key("set");
    json.StartObject();
    for (const Label& label : changes.set) json.Field(label.name, label.value);
    json.EndObject();
    json.Key("removed");
    json.StartArray();
    for (const std::string& name : changes.removed) json.Text(name);
    json.EndArray();
    json.EndObject();
  }

  std::string_view Verdict(bool is_known) const {
    const auto count = [this](TargetFate fate) { return totals_[static_cast<size_t>(fate)]; };
    if (count(TargetFate::kScraped) + count(TargetFate::kDuplicate) > 0) return "scraped";
    if (count(TargetFate::kStandby) > 0) return "standby";
    if (count(TargetFate::kRefused) + count(TargetFate::kInvalid) + count(TargetFate::kPending)) {
      return "refused";
    }
    if (count(TargetFate::kOtherShard) > 0) return "other_shard";
    if (count(TargetFate::kDropped) > 0) return "dropped";
    if (pools_ > 0) return "no_targets";
    return is_known ? "not_seen" : "unknown";
  }

  const WebSources& sources_;
  const PodName pod_;
  std::string pools_text_;
  std::string not_seen_text_;
  Counts totals_{};
  uint64_t pools_ = 0;
  uint64_t pools_shown_ = 0;
  uint64_t not_seen_ = 0;
  uint64_t targets_ = 0;
  uint64_t targets_shown_ = 0;
  uint64_t shown_of_pool_ = 0;
  uint64_t looked_at_ = 0;
};

}  // namespace

HttpServerResponse ExplainPod(const WebSources& sources, std::string_view pod) {
  auto name = PodNameOf(sources, pod);
  if (!name) return BadData(name.error().message);
  return {200, "application/json", Explainer(sources, std::move(*name)).Json()};
}

}  // namespace limpet
