#include "agent/explain_text.h"

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/relabel/labels.h"
#include "queue/sample_text.h"

namespace limpet {
namespace {

constexpr std::pair<std::string_view, std::string_view> kVerdicts[] = {
    {"scraped", "is scraped"},
    {"refused", "is not scraped: relabelling keeps it, and what it leaves cannot be scraped"},
    {"standby", "is not scraped here: another replica holds the lease"},
    {"other_shard", "is not scraped here: its targets belong to other shards"},
    {"dropped", "is not scraped: relabelling drops every target of it"},
    {"no_targets", "is not scraped: it has no targets yet"},
    {"not_seen", "is not scraped: it is known, but no job looks at it"},
    {"unknown", "is not scraped: no watch knows it"},
};

std::string Text(const JsonValue& object, std::string_view name) {
  return ForTerminal(JsonStringAt(object, name));
}

uint64_t Number(const JsonValue& object, std::string_view name) {
  return JsonUintAt(object, name, UINT64_MAX);
}

std::string LabelsText(const JsonValue& object) {
  std::vector<Label> labels;
  for (const auto& member : object.GetObject()) {
    if (!member.value.IsString()) continue;
    labels.push_back({std::string(JsonView(member.name)), std::string(JsonView(member.value))});
  }
  std::string text;
  AppendSeries(Labels(std::move(labels)), TextReader::kTerminal, text);
  return text;
}

std::string ListText(const JsonValue& list) {
  std::string text;
  for (const JsonValue& item : list.GetArray()) {
    if (!item.IsString()) continue;
    text += (text.empty() ? "" : ", ") + ForTerminal(JsonView(item));
  }
  return text;
}

std::string In(const JsonValue& watch) {
  std::string text = Text(watch, "namespace");
  text = text.empty() ? "in all namespaces" : "in namespace " + text;
  if (!JsonStringAt(watch, "labelSelector").empty()) {
    text += ", label " + Text(watch, "labelSelector");
  }
  if (!JsonStringAt(watch, "fieldSelector").empty()) {
    text += ", field " + Text(watch, "fieldSelector");
  }
  return text;
}

void AppendObject(const JsonValue& object, std::string& out) {
  out += "\npod: ";
  if (object.ObjectEmpty()) {
    out += "not known\n";
    return;
  }
  const std::string ip = Text(object, "ip");
  out += ip.empty() ? "no IP yet" : "IP " + ip;
  for (const char* key : {"phase", "ready", "node", "controller"}) {
    const std::string value = Text(object, key);
    if (!value.empty()) out.append(", ").append(key).append(" ").append(value);
  }
  out += "\n";
}

void AppendWatches(const JsonValue& watches, std::string& out) {
  out += watches.Empty() ? "watches: none\n" : "watches:\n";
  for (const JsonValue& watch : watches.GetArray()) {
    out += "  " + Text(watch, "role") + " " + In(watch) + ": ";
    if (JsonBoolAt(watch, "listed")) {
      out += std::to_string(Number(watch, "objects")) + " listed";
      if (JsonBoolAt(watch, "connected")) out += ", watching";
    } else {
      out += "not listed yet";
    }
    if (JsonBoolAt(watch, "hasPod")) out += ", knows the pod";
    const std::string error = Text(watch, "lastError");
    if (!error.empty()) out += ": " + error;
    out += "\n";
  }
}

// "relabel_configs[2] (line 14)"
std::string RuleName(const JsonValue& rule) {
  std::string text = "relabel_configs[" + std::to_string(Number(rule, "index")) + "]";
  const uint64_t line = Number(rule, "line");
  return line == 0 ? text : text + " (line " + std::to_string(line) + ")";
}

// "keep [a, b] =~ web" in one line, with what the action uses.
std::string RuleText(const JsonValue& rule) {
  std::string text = Text(rule, "action");
  const std::string sources = ListText(JsonArrayAt(rule, "sourceLabels"));
  if (!sources.empty()) text += " [" + sources + "]";
  const std::string regex = Text(rule, "regex");
  if (regex != "(.*)") text += " =~ " + regex;
  if (Number(rule, "modulus") != 0) text += " modulus " + std::to_string(Number(rule, "modulus"));
  const std::string target = Text(rule, "targetLabel");
  if (!target.empty()) text += " -> " + target;
  const std::string replacement = Text(rule, "replacement");
  if (replacement != "$1" && (!target.empty() || JsonStringAt(rule, "action") == "labelmap")) {
    text += " = " + (replacement.empty() ? "nothing" : replacement);
  }
  return text;
}

void AppendStep(const JsonValue& step, std::string& out) {
  out += "    " + RuleName(step) + " " + RuleText(JsonObjectAt(step, "rule")) + ": ";
  if (!JsonBoolAt(step, "keep")) {
    out += "dropped here\n";
    return;
  }
  const JsonValue& set = JsonObjectAt(step, "set");
  const std::string removed = ListText(JsonArrayAt(step, "removed"));
  std::string changes;
  if (!set.ObjectEmpty()) changes = "sets " + LabelsText(set);
  if (!removed.empty()) changes += (changes.empty() ? "removes " : "; removes ") + removed;
  out += (changes.empty() ? "no change" : changes) + "\n";
}

void AppendTarget(const JsonValue& target, std::string& out) {
  const std::string state = Text(target, "state");
  out += "  " + state;
  if (state == "dropped") {
    const JsonValue& rule = JsonObjectAt(target, "droppedBy");
    out += " by " + RuleName(rule) + ", action " + Text(rule, "action");
  }
  const std::string url = Text(target, "scrapeUrl");
  if (!url.empty()) out += ": " + url + ", " + Text(target, "health");
  const std::string error = Text(target, "error");
  const std::string last_error = Text(target, "lastError");
  if (!error.empty()) out += ": " + error;
  if (!last_error.empty() && last_error != error) out += ": " + last_error;
  out += "\n";
  if (!url.empty()) {
    out += "    last scrape " + Text(target, "lastScrape") + "\n";
    out += "    labels " + LabelsText(JsonObjectAt(target, "labels")) + "\n";
  }
  if (state == "duplicate") {
    out += "    of the target " + LabelsText(JsonObjectAt(target, "duplicateOf")) + "\n";
  }
  out += "    discovered " + LabelsText(JsonObjectAt(target, "discoveredLabels")) + "\n";
  for (const JsonValue& step : JsonArrayAt(target, "steps").GetArray()) AppendStep(step, out);
  const uint64_t more = Number(target, "stepsNotShown");
  if (more > 0) out += "    " + std::to_string(more) + " more rules are not shown\n";
}

std::string PoolName(const JsonValue& pool) {
  std::string text = "job " + Text(pool, "scrapePool");
  const std::string made_from = Text(pool, "madeFrom");
  if (!made_from.empty()) text += " of " + made_from;
  return text + " (kubernetes_sd_configs[" + std::to_string(Number(pool, "configIndex")) +
         "], role " + Text(pool, "role") + ")";
}

void AppendPool(const JsonValue& pool, std::string& out) {
  out += "\n" + PoolName(pool) + ": ";
  std::string counts;
  for (const auto& member : JsonObjectAt(pool, "targetCounts").GetObject()) {
    if (!member.value.IsUint64()) continue;
    counts += (counts.empty() ? "" : ", ") + std::to_string(member.value.GetUint64()) + " " +
              ForTerminal(JsonView(member.name));
  }
  const std::string reason = Text(pool, "reason");
  out += (counts.empty() ? "no targets" : "targets: " + counts) +
         (reason.empty() ? "" : ": " + reason) + "\n";
  for (const JsonValue& target : JsonArrayAt(pool, "targets").GetArray()) AppendTarget(target, out);
}

void AppendNotShown(const JsonValue& not_shown, std::string& out) {
  constexpr std::pair<std::string_view, std::string_view> kKinds[] = {
      {"watches", "watches"},
      {"scrapePools", "jobs that see the pod"},
      {"notSeenBy", "jobs that do not see it"},
      {"targets", "targets"}};
  for (const auto& [key, what] : kKinds) {
    const uint64_t count = Number(not_shown, key);
    if (count == 0) continue;
    out += "\n" + std::to_string(count) + " more " + std::string(what) + " are not shown\n";
  }
  const uint64_t count = Number(not_shown, "targetsNotLookedAt");
  if (count > 0) out += std::to_string(count) + " of these targets were not looked at\n";
}

}  // namespace

std::string ExplanationText(const JsonValue& data) {
  const JsonValue& pod = JsonObjectAt(data, "pod");
  std::string out = Text(pod, "namespace") + "/" + Text(pod, "name") + " ";
  std::string verdict = Text(data, "verdict");
  for (const auto& [name, text] : kVerdicts) {
    if (JsonStringAt(data, "verdict") == name) verdict = text;
  }
  out += verdict + "\n";
  AppendObject(JsonObjectAt(data, "object"), out);
  AppendWatches(JsonArrayAt(data, "watches"), out);
  for (const JsonValue& pool : JsonArrayAt(data, "scrapePools").GetArray()) AppendPool(pool, out);
  const JsonValue& not_seen = JsonArrayAt(data, "notSeenBy");
  if (!not_seen.Empty()) out += "\nnot seen by\n";
  for (const JsonValue& pool : not_seen.GetArray()) {
    out += "  " + PoolName(pool) + ": " + Text(pool, "reason") + "\n";
  }
  AppendNotShown(JsonObjectAt(data, "notShown"), out);
  return out;
}

}  // namespace limpet
