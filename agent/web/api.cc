#include "agent/web/api.h"

#include "agent/config/units.h"
#include "agent/web/json_writer.h"
#include "agent/web/target_text.h"

namespace limpet {
namespace {

constexpr uint64_t kDroppedTargetsMax = 2000;

bool IsWanted(std::string_view scrape_pool, std::string_view job) {
  return scrape_pool.empty() || scrape_pool == job;
}

void WriteTarget(const TargetStatus& target, const std::string& host_name, JsonWriter& json) {
  json.StartObject();
  json.Key("discoveredLabels");
  json.Object(target.discovered_labels);
  json.Key("labels");
  json.Object(target.labels);
  json.Field("scrapePool", target.job);
  json.Field("scrapeUrl", target.scrape_url);
  json.Field("globalUrl", GlobalUrl(target.scrape_url, host_name));
  json.Field("lastError", target.last_error);
  json.Field("lastScrape", ScrapeTimeText(target.last_scrape_ms));
  json.Field("lastScrapeDuration", target.last_scrape_duration_seconds);
  json.Field("health", HealthText(target.health));
  json.Field("scrapeInterval", FormatDuration(target.interval));
  json.Field("scrapeTimeout", FormatDuration(target.timeout));
  json.EndObject();
}

void WriteDropped(const WebSources& sources, std::string_view scrape_pool, JsonWriter& json) {
  json.Key("droppedTargets");
  json.StartArray();
  uint64_t left = kDroppedTargetsMax;
  sources.for_each_dropped(scrape_pool, [&](const std::string& job, const Labels& discovered) {
    if (left == 0) return false;
    --left;
    json.StartObject();
    json.Key("discoveredLabels");
    json.Object(discovered);
    json.Field("scrapePool", job);
    json.EndObject();
    return true;
  });
  json.EndArray();
  json.Key("droppedTargetCounts");
  json.StartObject();
  for (const auto& [job, count] : sources.dropped_counts()) {
    if (IsWanted(scrape_pool, job)) json.Field(job, count);
  }
  json.EndObject();
}

}  // namespace

std::string TargetsJson(const WebSources& sources, std::string_view state,
                        std::string_view scrape_pool, const std::string& host_name) {
  const bool any = state.empty() || state == "any";
  std::string out;
  JsonWriter json(out);
  BeginData(json);
  json.StartObject();
  json.Key("activeTargets");
  json.StartArray();
  if (any || state == "active") {
    sources.for_each_target([&](const TargetStatus& target) {
      if (IsWanted(scrape_pool, target.job)) WriteTarget(target, host_name, json);
    });
  }
  json.EndArray();
  if (any || state == "dropped") {
    WriteDropped(sources, scrape_pool, json);
  } else {
    json.Key("droppedTargets");
    json.StartArray();
    json.EndArray();
    json.Key("droppedTargetCounts");
    json.Null();
  }
  json.EndObject();
  json.EndObject();
  return out;
}

void BeginData(JsonWriter& json) {
  json.StartObject();
  json.Field("status", "success");
  json.Key("data");
}

HttpServerResponse BadData(std::string_view error) {
  HttpServerResponse response{400, "application/json", ""};
  JsonWriter json(response.body);
  json.StartObject();
  json.Field("status", "error");
  json.Field("errorType", "bad_data");
  json.Field("error", error);
  json.EndObject();
  return response;
}

std::string MonitorsJson(const WebSources& sources) {
  std::string out;
  JsonWriter json(out);
  const auto write_list = [&json](std::string_view key, const std::vector<std::string>& texts) {
    json.Key(key);
    json.StartArray();
    for (const std::string& text : texts) json.Text(text);
    json.EndArray();
  };
  BeginData(json);
  json.StartObject();
  json.Key("monitors");
  json.StartArray();
  for (const MonitorStatus& monitor :
       sources.monitors ? sources.monitors() : std::vector<MonitorStatus>()) {
    json.StartObject();
    json.Field("kind", monitor.kind);
    json.Field("namespace", monitor.name_space);
    json.Field("name", monitor.name);
    json.Field("state", kMonitorStateNames[static_cast<size_t>(monitor.state)]);
    write_list("errors", monitor.errors);
    write_list("scrapePools", monitor.jobs);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  json.EndObject();
  return out;
}

}  // namespace limpet
