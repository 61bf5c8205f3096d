#include "agent/relabel/anchored_regex.h"

#include <re2/re2.h>

#include <algorithm>
#include <optional>

namespace limpet {

namespace {

constexpr std::string_view kMatchAll = "(.*)";
constexpr int64_t kBytesMax = 4 << 20;

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == ':' || c == '/' || c == ';' || c == ',' || c == '=' || c == '@';
}

// Bytes of the letters, digits and underscores at the start, as Go's regexp.extract counts them.
size_t NameLength(std::string_view text) {
  static const re2::RE2 name_re2("^[\\pL\\p{Nd}_]+", re2::RE2::Quiet);
  size_t length = 0;
  while (length < text.size()) {
    const char c = text[length];
    if (static_cast<unsigned char>(c) >= 0x80) {
      re2::StringPiece found;
      if (!name_re2.Match(text, 0, text.size(), re2::RE2::ANCHOR_START, &found, 1)) return 0;
      return found.size();
    }
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!word && c != '_') break;
    ++length;
  }
  return length;
}

// What stands behind a $: the group's name and the bytes it takes with its braces.
struct GroupReference {
  std::string_view name;
  size_t length = 0;
};

std::optional<GroupReference> ParseGroupReference(std::string_view text) {
  const bool brace = text.starts_with('{');
  if (brace) text.remove_prefix(1);
  const size_t length = NameLength(text);
  if (length == 0) return std::nullopt;
  if (!brace) return GroupReference{text.substr(0, length), length};
  if (length >= text.size() || text[length] != '}') return std::nullopt;
  return GroupReference{text.substr(0, length), length + 2};
}

// The number a group's name is; none where it is a word, has a leading zero or is too large.
std::optional<size_t> GroupNumber(std::string_view name) {
  if (name.size() > 1 && name[0] == '0') return std::nullopt;
  size_t number = 0;
  for (char c : name) {
    if (c < '0' || c > '9' || number >= 100'000'000) return std::nullopt;
    number = number * 10 + static_cast<size_t>(c - '0');
  }
  return number;
}

}  // namespace

AnchoredRegex::AnchoredRegex() : text_(kMatchAll) {}

Result<AnchoredRegex> AnchoredRegex::Compile(const std::string& text) {
  AnchoredRegex compiled;
  compiled.text_ = text;
  if (text == kMatchAll) return compiled;
  if (std::all_of(text.begin(), text.end(), IsPlain)) {
    compiled.kind_ = Kind::kLiteral;
    return compiled;
  }
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_max_mem(kBytesMax);
  auto regex = std::make_shared<const re2::RE2>("^(?s:" + text + ")$", options);
  if (!regex->ok()) {
    // The reason may quote the expression: better as it was written than with the anchors.
    const re2::RE2 bare(text, options);
    return Error{bare.ok() ? regex->error() : bare.error()};
  }
  compiled.kind_ = Kind::kRe2;
  compiled.regex_ = std::move(regex);
  return compiled;
}

bool AnchoredRegex::Matches(std::string_view text) const {
  switch (kind_) {
    case Kind::kAll:
      return true;
    case Kind::kLiteral:
      return text == text_;
    case Kind::kRe2:
      break;
  }
  // Unanchored, for the anchors are in the expression; of "a)|(b" Go makes the same odd thing.
  return regex_->Match(text, 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0);
}

bool AnchoredRegex::Match(std::string_view text, Groups& groups) const {
  groups.clear();
  if (kind_ != Kind::kRe2) {
    groups.push_back(text);
    if (kind_ == Kind::kAll) groups.push_back(text);
    return Matches(text);
  }
  const int count = regex_->NumberOfCapturingGroups() + 1;
  std::vector<re2::StringPiece> found(static_cast<size_t>(count));
  if (!regex_->Match(text, 0, text.size(), re2::RE2::UNANCHORED, found.data(), count)) return false;
  for (const re2::StringPiece& group : found) groups.emplace_back(group.data(), group.size());
  return true;
}

void AnchoredRegex::Expand(const Groups& groups, std::string_view replacement,
                           std::string& out) const {
  for (;;) {
    const size_t dollar = replacement.find('$');
    if (dollar == std::string_view::npos) break;
    out += replacement.substr(0, dollar);
    replacement.remove_prefix(dollar + 1);
    if (replacement.starts_with('$')) {
      out += '$';
      replacement.remove_prefix(1);
      continue;
    }
    const std::optional<GroupReference> reference = ParseGroupReference(replacement);
    if (!reference) {
      out += '$';
      continue;
    }
    std::optional<size_t> index = GroupNumber(reference->name);
    if (!index && kind_ == Kind::kRe2) {
      const auto& names = regex_->NamedCapturingGroups();
      auto named = names.find(std::string(reference->name));
      if (named != names.end()) index = static_cast<size_t>(named->second);
    }
    if (index && *index < groups.size()) out += groups[*index];
    replacement.remove_prefix(reference->length);
  }
  out += replacement;
}

bool AnchoredRegex::MatchAndExpand(std::string_view text, std::string_view replacement,
                                   std::string& out) const {
  Groups groups;
  if (!Match(text, groups)) return false;
  Expand(groups, replacement, out);
  return true;
}

}  // namespace limpet
