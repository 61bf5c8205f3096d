#include "agent/web/metadata.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "agent/scrape/page_families.h"
#include "agent/web/api.h"
#include "agent/web/json_writer.h"
#include "agent/web/label_selector.h"

namespace limpet {
namespace {

constexpr size_t kAnswerBytesMax = 16u << 20;
// Negative: none.
constexpr int64_t kNoLimit = -1;

Result<int64_t> LimitOf(const HttpServerRequest& request, const char* name) {
  const std::string text = request.Param(name);
  if (text.empty()) return kNoLimit;
  int64_t limit = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (error != std::errc() || rest != text.data() + text.size()) {
    return Error{std::string(name) + " must be a number"};
  }
  return limit;
}

bool IsReached(int64_t limit, size_t count) {
  return limit >= 0 && count >= static_cast<size_t>(limit);
}

void WriteMetadata(const MetricMetadata& metadata, JsonWriter& json) {
  json.Field("type", MetricTypeName(metadata.type));
  json.Field("help", metadata.help);
  json.Field("unit", metadata.unit);
}

void WriteEnd(bool cut, JsonWriter& json) {
  if (cut) {
    json.Key("warnings");
    json.StartArray();
    json.Text("results truncated: the answer would be larger than 16 MiB");
    json.EndArray();
  }
  json.EndObject();
}

// Of one family, or of all where none is named.
template <typename F>
void ForEachOf(const PageFamilies& families, const std::string& metric, F&& function) {
  if (metric.empty()) {
    families.ForEach(function);
  } else if (const MetricMetadata* metadata = families.Find(metric)) {
    function(std::string_view(metric), *metadata);
  }
}

}  // namespace

HttpServerResponse TargetsMetadata(const WebSources& sources, const HttpServerRequest& request) {
  const auto limit = LimitOf(request, "limit");
  if (!limit) return BadData(limit.error().message);
  std::optional<LabelSelector> selector;
  if (const std::string match = request.Param("match_target"); !match.empty()) {
    auto parsed = LabelSelector::Parse(match);
    if (!parsed) {
      return BadData("invalid parameter \"match_target\": " + parsed.error().message);
    }
    selector = std::move(*parsed);
  }
  const std::string metric = request.Param("metric");
  HttpServerResponse response{200, "application/json", ""};
  JsonWriter json(response.body);
  BeginData(json);
  json.StartArray();
  size_t count = 0;
  bool cut = false;
  sources.for_each_families([&](const Labels& labels, const PageFamilies& families) {
    // As in Prometheus, the last target is shown as a whole.
    if (IsReached(*limit, count) || (selector && !selector->Matches(labels))) return;
    ForEachOf(families, metric, [&](std::string_view name, const MetricMetadata& metadata) {
      cut = cut || response.body.size() > kAnswerBytesMax;
      if (cut) return;
      ++count;
      json.StartObject();
      json.Key("target");
      json.Object(labels);
      if (metric.empty() && !name.empty()) json.Field("metric", name);
      WriteMetadata(metadata, json);
      json.EndObject();
    });
  });
  json.EndArray();
  WriteEnd(cut, json);
  return response;
}

HttpServerResponse MetricsMetadata(const WebSources& sources, const HttpServerRequest& request) {
  const auto limit = LimitOf(request, "limit");
  if (!limit) return BadData(limit.error().message);
  const auto per_metric = LimitOf(request, "limit_per_metric");
  if (!per_metric) return BadData(per_metric.error().message);
  const std::string metric = request.Param("metric");
  std::map<std::string_view, std::vector<const MetricMetadata*>> found;
  std::unordered_set<const PageFamilies*> seen;  // most targets share theirs with others
  sources.for_each_families([&](const Labels&, const PageFamilies& families) {
    if (!seen.insert(&families).second) return;
    ForEachOf(families, metric, [&](std::string_view name, const MetricMetadata& metadata) {
      auto& of_name = found[name];
      if (*per_metric > 0 && IsReached(*per_metric, of_name.size())) return;
      const bool known =
          std::any_of(of_name.begin(), of_name.end(),
                      [&](const MetricMetadata* other) { return *other == metadata; });
      if (!known) of_name.push_back(&metadata);
    });
  });
  HttpServerResponse response{200, "application/json", ""};
  JsonWriter json(response.body);
  BeginData(json);
  json.StartObject();
  size_t count = 0;
  bool cut = false;
  for (const auto& [name, of_name] : found) {
    if (IsReached(*limit, count++)) break;
    cut = cut || response.body.size() > kAnswerBytesMax;
    if (cut) break;
    json.Key(name);
    json.StartArray();
    for (const MetricMetadata* metadata : of_name) {
      json.StartObject();
      WriteMetadata(*metadata, json);
      json.EndObject();
    }
    json.EndArray();
  }
  json.EndObject();
  WriteEnd(cut, json);
  return response;
}

}  // namespace limpet
