#include "agent/web/relabel_steps.h"

#include <string>
#include <utility>
#include <vector>

#include "agent/relabel/relabel_trace.h"
#include "agent/web/api.h"
#include "discovery/json_object.h"

namespace limpet {
namespace {

Result<Labels> LabelsOf(std::string text) {
  rapidjson::Document document;
  if (auto parsed = ParseJsonObject(text, document); !parsed) {
    return Error{"error parsing labels: " + parsed.error().message};
  }
  std::vector<Label> labels;
  for (const auto& member : document.GetObject()) {
    if (!member.value.IsString()) return Error{"error parsing labels: a value is not a text"};
    labels.push_back({std::string(JsonView(member.name)), std::string(JsonView(member.value))});
  }
  return Labels(std::move(labels));
}

void WriteStep(const RelabelRule& rule, bool keep, const Labels& output, JsonWriter& json) {
  json.StartObject();
  json.Key("rule");
  WriteRelabelRule(rule, json);
  json.Key("output");
  json.Object(output);
  json.Key("keep");
  json.Flag(keep);
  json.EndObject();
}

}  // namespace

void WriteRelabelRule(const RelabelRule& rule, JsonWriter& json) {
  json.StartObject();
  if (!rule.source_labels.empty()) {
    json.Key("sourceLabels");
    json.StartArray();
    for (const std::string& name : rule.source_labels) json.Text(name);
    json.EndArray();
  }
  if (!rule.separator.empty()) json.Field("separator", rule.separator);
  json.Field("regex", rule.regex.text());
  if (rule.modulus != 0) json.Field("modulus", rule.modulus);
  if (!rule.target_label.empty()) json.Field("targetLabel", rule.target_label);
  if (!rule.replacement.empty()) json.Field("replacement", rule.replacement);
  json.Field("action", RelabelActionName(rule.action));
  json.EndObject();
}

HttpServerResponse RelabelSteps(const WebSources& sources, std::string_view scrape_pool,
                                std::string_view labels) {
  if (scrape_pool.empty()) return BadData("no scrapePool parameter provided");
  if (labels.empty()) return BadData("no labels parameter provided");
  const auto input = LabelsOf(std::string(labels));
  if (!input) return BadData(input.error().message);
  const ScrapeConfig* const job = sources.find_job(std::string(scrape_pool));
  if (job == nullptr) return BadData("there is no scrape pool of that name");
  HttpServerResponse response{200, "application/json", ""};
  JsonWriter json(response.body);
  BeginData(json);
  json.StartObject();
  json.Key("steps");
  json.StartArray();
  size_t applied = 0;
  TraceRelabelRules(job->relabel_configs, *input, [&](const RelabelStep& step) {
    WriteStep(step.rule, step.keep, step.after, json);
    ++applied;
  });
  for (; applied < job->relabel_configs.size(); ++applied) {
    WriteStep(job->relabel_configs[applied], false, Labels(), json);
  }
  json.EndArray();
  json.EndObject();
  json.EndObject();
  return response;
}

}  // namespace limpet
