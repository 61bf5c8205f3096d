#include <algorithm>
#include <tuple>

#include "agent/config/environment.h"
#include "agent/config/yaml_walker.h"
#include "agent/platform/utf8.h"

namespace limpet {

namespace {

constexpr size_t kErrorsMax = 100;
constexpr size_t kVisitedMax = 100'000;
constexpr size_t kVisitedBytesMax = 16 << 20;
constexpr size_t kExpandedBytesMax = 4 << 20;
constexpr size_t kQuotedBytesMax = 60;

}  // namespace

ReadContext::ReadContext(std::string file, std::string directory, const LoadOptions& options)
    : file_(std::move(file)), directory_(std::move(directory)), options_(options) {}

void ReadContext::AddError(const YamlPlace& place, const std::string& path,
                           const std::string& message) {
  if (exhausted_ || errors_.size() > kErrorsMax) return;
  ConfigError error;
  error.file = file_;
  error.line = place.line;
  error.column = place.column;
  error.message = path.empty() ? message : path + ": " + message;
  if (errors_.size() == kErrorsMax) error.message = "too many errors; the others are not shown";
  errors_.push_back(std::move(error));
}

std::optional<std::string> ReadContext::Expand(const YamlNode& scalar, const std::string& path) {
  if (!options_.expand_env) return scalar.text;
  return ExpandVariables(scalar, path, VariableForm::kBraced);
}

std::optional<std::string> ReadContext::ExpandVariables(const YamlNode& scalar,
                                                        const std::string& path,
                                                        VariableForm form) {
  if (scalar.text.find('$') == std::string::npos) return scalar.text;
  auto expanded = ExpandEnvironment(scalar.text, kExpandedBytesMax - expanded_bytes_, form);
  if (!expanded) {
    AddError(scalar.place, path, expanded.error().message);
    return std::nullopt;
  }
  if (!IsValidUtf8(*expanded)) {
    AddError(scalar.place, path, "not valid UTF-8 after replacing environment variables");
    return std::nullopt;
  }
  expanded_bytes_ += expanded->size();
  return *expanded;
}

std::string ReadContext::ResolveFile(const std::string& name) const {
  if (name.empty() || name.starts_with('/') || directory_.empty()) return name;
  return directory_.ends_with('/') ? directory_ + name : directory_ + "/" + name;
}

Result<AnchoredRegex> ReadContext::CompileRegex(const std::string& text) {
  auto known = regexes_.find(text);
  if (known == regexes_.end()) {
    known = regexes_.emplace(text, AnchoredRegex::Compile(text)).first;
  }
  return known->second;
}

bool ReadContext::Visit(const YamlNode& node) {
  if (exhausted_) return false;
  ++visited_;
  visited_bytes_ += node.text.size();
  if (visited_ <= kVisitedMax && visited_bytes_ <= kVisitedBytesMax) return true;
  AddError(node.place, "", "aliases make more than 100000 values or 16 MiB of this file");
  exhausted_ = true;
  return false;
}

std::vector<ConfigError> ReadContext::TakeErrors() {
  const auto key = [](const ConfigError& error) {
    return std::tie(error.line, error.column, error.message);
  };
  std::stable_sort(errors_.begin(), errors_.end(), [&](const ConfigError& a, const ConfigError& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  // What an alias shares is read, and found wrong, more than once.
  errors_.erase(
      std::unique(errors_.begin(), errors_.end(),
                  [&](const ConfigError& a, const ConfigError& b) { return key(a) == key(b); }),
      errors_.end());
  return std::move(errors_);
}

std::string_view KindOf(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kScalar:
      return "text";
    case YamlNode::Kind::kList:
      return "a list";
    case YamlNode::Kind::kMapping:
      return "a mapping";
  }
  return "";
}

std::string DescribeNode(const YamlNode& node) {
  return node.kind == YamlNode::Kind::kScalar ? Quoted(node.text) : std::string(KindOf(node));
}

std::string ShownKey(std::string_view key) {
  const size_t end = key.find_first_of(":\n\"'");
  if (end == std::string_view::npos) return std::string(key);
  return std::string(key.substr(0, end)) + (key[end] == ':' ? ":..." : "...");
}

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : ToValidUtf8(text, kQuotedBytesMax)) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '\n') {
      quoted += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      quoted += '?';
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::optional<std::string> ReadText(ReadContext& context, const YamlNode& node,
                                    const std::string& path, std::string_view expected) {
  if (!context.Visit(node)) return std::nullopt;
  if (node.kind != YamlNode::Kind::kScalar) {
    context.AddError(node.place, path,
                     "expected " + std::string(expected) + ", found " + DescribeNode(node));
    return std::nullopt;
  }
  return context.Expand(node, path);
}

void ReadList(ReadContext& context, const YamlNode& node, const std::string& path,
              const ItemReader& each) {
  if (node.kind != YamlNode::Kind::kList) {
    context.AddError(node.place, path, "expected a list, found " + std::string(KindOf(node)));
    return;
  }
  for (size_t i = 0; i < node.items.size(); ++i) {
    if (!context.Visit(*node.items[i])) return;
    each(*node.items[i], path + "[" + std::to_string(i) + "]");
  }
}

}  // namespace limpet
