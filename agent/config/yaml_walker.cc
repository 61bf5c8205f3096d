#include "agent/config/yaml_walker.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "agent/config/spelling.h"
#include "agent/config/units.h"
#include "agent/platform/utf8.h"

namespace limpet {

namespace {

constexpr int kMergeDepthMax = 16;

bool IsMergeKey(const YamlNode& key) { return !key.quoted && key.text == "<<"; }

// Helm prints large numbers as floating-point ones: 1e+06.
std::optional<uint64_t> WholeNumber(std::string_view text) {
  const char* const text_end = text.data() + text.size();
  const auto is_all = [&](const std::from_chars_result& read) {
    return read.ec == std::errc() && read.ptr == text_end;
  };
  uint64_t whole = 0;
  if (is_all(std::from_chars(text.data(), text_end, whole))) {
    return whole <= static_cast<uint64_t>(INT64_MAX) ? std::optional(whole) : std::nullopt;
  }
  constexpr double kExactMax = 9007199254740992.0;  // 2^53
  double number = 0;
  if (!is_all(std::from_chars(text.data(), text_end, number))) return std::nullopt;
  if (!(number >= 0 && number <= kExactMax) || number != std::floor(number)) return std::nullopt;
  return static_cast<uint64_t>(number);
}

}  // namespace

MappingReader::MappingReader(ReadContext& context, const YamlNode& node, std::string path)
    : context_(context), node_(node), path_(std::move(path)) {
  if (node.kind != YamlNode::Kind::kMapping) {
    context_.AddError(node.place, path_, "expected a mapping, found " + std::string(KindOf(node)));
    return;
  }
  AddEntries(node, 0);
}

void MappingReader::AddEntries(const YamlNode& mapping, int merge_depth) {
  std::map<std::string_view, const YamlNode*> seen;
  for (const auto& [key, value] : mapping.entries) {
    if (!context_.Visit(*value)) return;
    if (key->kind != YamlNode::Kind::kScalar) {
      context_.AddError(key->place, path_, "expected text as a key, found " + DescribeNode(*key));
      continue;
    }
    const auto [first, is_first] = seen.emplace(key->text, key);
    if (!is_first) {
      context_.AddError(key->place, path_,
                        "duplicate key " + Quoted(ShownKey(key->text)) + ", first at line " +
                            std::to_string(first->second->place.line));
      continue;
    }
    if (!IsMergeKey(*key)) entries_.emplace(key->text, Entry{key, value});
  }
  // A mapping's own keys come before those it merges, the first merged before the next.
  for (const auto& [key, value] : mapping.entries) {
    if (key->kind == YamlNode::Kind::kScalar && IsMergeKey(*key)) Merge(*value, merge_depth + 1);
  }
}

void MappingReader::Merge(const YamlNode& node, int merge_depth) {
  if (merge_depth > kMergeDepthMax) {
    context_.AddError(node.place, path_, "merge keys nested deeper than 16 levels");
    return;
  }
  if (node.kind == YamlNode::Kind::kMapping) {
    AddEntries(node, merge_depth);
    return;
  }
  const bool mappings = node.kind == YamlNode::Kind::kList &&
                        std::all_of(node.items.begin(), node.items.end(), [](const YamlNode* item) {
                          return item->kind == YamlNode::Kind::kMapping;
                        });
  if (!mappings) {
    context_.AddError(
        node.place, path_,
        "expected a mapping or a list of mappings to merge, found " + DescribeNode(node));
    return;
  }
  for (const YamlNode* item : node.items) AddEntries(*item, merge_depth);
}

std::string MappingReader::PathOf(std::string_view key) const {
  return path_.empty() ? ShownKey(key) : path_ + "." + ShownKey(key);
}

const YamlPlace& MappingReader::KeyPlace(std::string_view key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? node_.place : found->second.key->place;
}

const YamlNode* MappingReader::Find(std::string_view key) {
  asked_.insert(key);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return nullptr;
  found->second.known = true;
  const YamlNode* value = found->second.value;
  return value->kind == YamlNode::Kind::kNull ? nullptr : value;
}

bool MappingReader::IsSet(std::string_view key) {
  return Has(key) && !entries_.find(key)->second.empty;
}

bool MappingReader::IsNull(std::string_view key) {
  return Find(key) == nullptr && entries_.contains(key);
}

bool MappingReader::Text(std::string_view key, std::string& out) {
  const YamlNode* node = Find(key);
  if (node == nullptr) return false;
  std::optional<std::string> text = ReadText(context_, *node, PathOf(key));
  if (!text) return false;
  entries_.find(key)->second.empty = text->empty();
  out = std::move(*text);
  return true;
}

bool MappingReader::TextWithVariables(std::string_view key, std::string& out) {
  std::string raw;
  if (!RawText(key, raw) || !context_.Visit(*Find(key))) return false;
  auto text = context_.ExpandVariables(*Find(key), PathOf(key), VariableForm::kBracedOrBare);
  if (!text) return false;
  out = std::move(*text);
  return true;
}

bool MappingReader::RawText(std::string_view key, std::string& out) {
  const YamlNode* node = Find(key);
  if (node == nullptr) return false;
  if (node->kind != YamlNode::Kind::kScalar) {
    ValueError(key, "expected text, found " + DescribeNode(*node));
    return false;
  }
  out = node->text;
  return true;
}

bool MappingReader::SecretText(std::string_view key, Secret& out) {
  std::string text;
  if (!Text(key, text)) return false;
  out = Secret(std::move(text));
  return true;
}

bool MappingReader::FileName(std::string_view key, std::string& out) {
  std::string name;
  if (!Text(key, name)) return false;
  if (HasControl(name)) {
    ValueError(key, "a file name must not contain control characters");
    return false;
  }
  out = context_.ResolveFile(name);
  return true;
}

bool MappingReader::Bool(std::string_view key, bool& out) {
  const YamlNode* node = Find(key);
  if (node == nullptr) return false;
  const std::optional<std::string> text = ReadText(context_, *node, PathOf(key), "true or false");
  if (!text) return false;
  // Prometheus' YAML library takes the words of YAML 1.1.
  constexpr std::string_view kTrue[] = {"y",   "Y",   "true", "True", "TRUE", "yes",
                                        "Yes", "YES", "on",   "On",   "ON"};
  constexpr std::string_view kFalse[] = {"n",  "N",  "false", "False", "FALSE", "no",
                                         "No", "NO", "off",   "Off",   "OFF"};
  const auto is = [&](std::string_view word) { return *text == word; };
  const bool is_true = std::any_of(std::begin(kTrue), std::end(kTrue), is);
  const bool is_false = std::any_of(std::begin(kFalse), std::end(kFalse), is);
  if (node->quoted || (!is_true && !is_false)) {
    ValueError(key, "expected true or false, found " + DescribeNode(*node) +
                        (node->quoted ? " in quotes" : ""));
    return false;
  }
  out = is_true;
  return true;
}

bool MappingReader::Unsigned(std::string_view key, uint64_t& out) {
  const YamlNode* node = Find(key);
  if (node == nullptr) return false;
  constexpr std::string_view kExpected = "a whole number from 0";
  const std::optional<std::string> text = ReadText(context_, *node, PathOf(key), kExpected);
  if (!text) return false;
  const std::optional<uint64_t> value = WholeNumber(*text);
  if (node->quoted || !value) {
    ValueError(key, "expected " + std::string(kExpected) + ", found " + DescribeNode(*node) +
                        (node->quoted ? " in quotes" : ""));
    return false;
  }
  out = *value;
  return true;
}

bool MappingReader::Duration(std::string_view key, Millis& out) {
  std::string text;
  if (!Text(key, text)) return false;
  const Result<Millis> duration = ParseDuration(text);
  if (!duration) {
    ValueError(key, duration.error().message + ", found " + DescribeNode(*Find(key)));
    return false;
  }
  out = *duration;
  return true;
}

bool MappingReader::PositiveDuration(std::string_view key, Millis& out) {
  Millis duration{0};
  if (!Duration(key, duration)) return false;
  if (duration <= Millis(0)) {
    ValueError(key, "must be greater than 0");
    return false;
  }
  out = duration;
  return true;
}

bool MappingReader::ByteSize(std::string_view key, uint64_t& out) {
  std::string text;
  if (!Text(key, text)) return false;
  const Result<uint64_t> size = ParseByteSize(text);
  if (!size) {
    ValueError(key, size.error().message + ", found " + DescribeNode(*Find(key)));
    return false;
  }
  out = *size;
  return true;
}

bool MappingReader::HttpUrl(std::string_view key, Url& out) {
  std::string text;
  if (!Text(key, text)) return false;
  // The text may hold a secret: only the reason is told.
  Result<Url> url = ParseUrl(text);
  if (!url) {
    ValueError(key, url.error().message);
    return false;
  }
  out = std::move(*url);
  return true;
}

void MappingReader::List(std::string_view key, const ItemReader& each) {
  const YamlNode* node = Find(key);
  if (node != nullptr) ReadList(context_, *node, PathOf(key), each);
}

void MappingReader::KeyError(std::string_view key, const std::string& message) {
  context_.AddError(KeyPlace(key), PathOf(key), message);
}

void MappingReader::ValueError(std::string_view key, const std::string& message) {
  const YamlNode* node = Find(key);
  context_.AddError(node == nullptr ? KeyPlace(key) : node->place, PathOf(key), message);
}

void MappingReader::Error(const std::string& message) {
  context_.AddError(place(), path_, message);
}

void MappingReader::NotSupported(std::string_view key, std::string_view reason) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  found->second.known = true;
  std::string message = "not supported by limpet";
  if (!reason.empty()) message += ": " + std::string(reason);
  KeyError(key, message);
}

std::string MappingReader::SuggestionFor(std::string_view key) const {
  const size_t colon = key.find(':');
  if (colon != std::string_view::npos && asked_.contains(key.substr(0, colon))) {
    return "; expected a space after the colon";
  }
  const std::vector<std::string_view> known(asked_.begin(), asked_.end());
  const std::string_view nearest = NearestSpelling(key, known);
  if (!nearest.empty()) return "; did you mean " + Quoted(nearest) + "?";
  std::string all;
  for (const std::string_view name : known) {
    if (!all.empty()) all += ", ";
    all += name;
  }
  return "; expected one of " + all;
}

void MappingReader::Finish() {
  for (const auto& [name, entry] : entries_) {
    if (entry.known) continue;
    context_.AddError(entry.key->place, path_,
                      "unknown key " + Quoted(ShownKey(name)) + SuggestionFor(name));
  }
}

}  // namespace limpet
