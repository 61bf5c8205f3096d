#include "agent/config/generated_job.h"

#include <exception>
#include <utility>

#include "agent/config/blocks.h"

namespace limpet {

namespace {

// What almost every generated job has, compiled once for all of them.
const std::vector<AnchoredRegex>& CommonRegexes() {
  static const std::vector<AnchoredRegex> common = [] {
    std::vector<AnchoredRegex> compiled;
    for (const char* text : {"(.+)", "Node;(.*)", "Pod;(.*)", "(Failed|Succeeded)"}) {
      compiled.push_back(*AnchoredRegex::Compile(text));
    }
    return compiled;
  }();
  return common;
}

// "scrape_configs[0].tls_config: at most one of ..." without its path, which is not the author's.
std::string_view WithoutPath(std::string_view message) {
  const size_t end = message.find(": ");
  return end == std::string_view::npos ? message : message.substr(end + 2);
}

// Those of the tree are no one else's.
void ForgetLines(ScrapeConfig& job) {
  for (RelabelRule& rule : job.relabel_configs) rule.line.number = 0;
  for (RelabelRule& rule : job.metric_relabel_configs) rule.line.number = 0;
}

}  // namespace

GeneratedJob::GeneratedJob() : root_(&Mapping("spec")) {}

YamlNode& GeneratedJob::Add(YamlNode::Kind kind, const std::string& origin) {
  origins_.push_back(origin);
  YamlNode& node = nodes_.emplace_back();
  node.kind = kind;
  node.closed = true;
  node.place.line = static_cast<int>(origins_.size());
  return node;
}

YamlNode& GeneratedJob::Text(std::string_view text, const std::string& origin) {
  YamlNode& node = Word(text, origin);
  node.quoted = true;
  return node;
}

YamlNode& GeneratedJob::Word(std::string_view word, const std::string& origin) {
  YamlNode& node = Add(YamlNode::Kind::kScalar, origin);
  node.text = word;
  return node;
}

YamlNode& GeneratedJob::List(const std::string& origin) {
  return Add(YamlNode::Kind::kList, origin);
}

YamlNode& GeneratedJob::Mapping(const std::string& origin) {
  return Add(YamlNode::Kind::kMapping, origin);
}

void GeneratedJob::Set(YamlNode& mapping, std::string_view key, const YamlNode& value) {
  // Quoted, so that no key can be one that merges.
  YamlNode& node = nodes_.emplace_back();
  node.kind = YamlNode::Kind::kScalar;
  node.quoted = true;
  node.place = value.place;
  node.text = key;
  mapping.entries.emplace_back(&node, &value);
}

YamlNode* GeneratedJob::Find(YamlNode& mapping, std::string_view key) {
  for (const auto& [name, value] : mapping.entries) {
    if (name->text == key) return const_cast<YamlNode*>(value);
  }
  return nullptr;
}

GeneratedJob::Checked GeneratedJob::Read(const GlobalConfig& global) const {
  Checked checked;
  try {
    ReadContext context("", "", LoadOptions{});
    for (const AnchoredRegex& regex : CommonRegexes()) context.Know(regex);
    YamlNode list;
    list.kind = YamlNode::Kind::kList;
    list.items.push_back(root_);
    std::vector<ScrapeConfig> jobs;
    ReadScrapeConfigs(context, list, global, jobs);
    for (const ConfigError& error : context.TakeErrors()) {
      const std::string& origin = origins_[static_cast<size_t>(error.line) - 1];
      checked.errors.push_back(origin + ": " + std::string(WithoutPath(error.message)));
    }
    if (checked.errors.empty()) checked.job = std::move(jobs.front());
    if (checked.job) ForgetLines(*checked.job);
  } catch (const std::exception& error) {
    checked.errors.push_back(std::string("cannot be read: ") + error.what());
  }
  return checked;
}

}  // namespace limpet
