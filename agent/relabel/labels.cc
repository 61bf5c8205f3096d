#include "agent/relabel/labels.h"

#include <xxhash.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "agent/platform/utf8.h"

namespace limpet {

namespace {

// The first label whose name is not less than `name`.
template <typename Vector>
auto LowerBound(Vector& labels, std::string_view name) {
  return std::lower_bound(labels.begin(), labels.end(), name,
                          [](const Label& label, std::string_view n) {
                            return std::string_view(label.name).compare(n) < 0;
                          });
}

std::string_view Find(const std::vector<Label>& labels, std::string_view name) {
  auto it = LowerBound(labels, name);
  return it != labels.end() && it->name == name ? std::string_view(it->value) : std::string_view();
}

bool IsStrictlySorted(const std::vector<Label>& labels) {
  for (size_t i = 1; i < labels.size(); ++i) {
    if (!(labels[i - 1].name < labels[i].name)) return false;
  }
  return true;
}

std::vector<Label> Normalized(std::vector<Label> labels) {
  if (!IsStrictlySorted(labels)) {
    std::stable_sort(labels.begin(), labels.end(),
                     [](const Label& a, const Label& b) { return a.name < b.name; });
    size_t kept = 0;
    for (size_t i = 0; i < labels.size(); ++i) {
      const bool last_of_name = i + 1 == labels.size() || labels[i].name != labels[i + 1].name;
      if (!last_of_name) continue;
      if (kept != i) labels[kept] = std::move(labels[i]);
      ++kept;
    }
    labels.resize(kept);
  }
  std::erase_if(labels, [](const Label& label) { return label.value.empty(); });
  return labels;
}

bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool IsLegacyName(std::string_view name, bool colons) {
  if (name.empty()) return false;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool digit = c >= '0' && c <= '9' && i > 0;
    if (!(IsAlpha(c) || c == '_' || digit || (colons && c == ':'))) return false;
  }
  return true;
}

// As Go's strconv.Quote, save that every valid character above U+009F counts as printable.
void AppendQuoted(std::string_view text, std::string& out) {
  out += '"';
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const size_t length = Utf8CharacterBytes(text.substr(i));
    static constexpr std::string_view kEscaped = "\a\b\f\n\r\t\v\\\"";
    static constexpr std::string_view kLetters = "abfnrtv\\\"";
    const size_t escape = kEscaped.find(text[i]);
    char buffer[8];
    if (escape != std::string_view::npos) {
      out += '\\';
      out += kLetters[escape];
    } else if (length == 0 || c < 0x20 || c == 0x7F) {
      std::snprintf(buffer, sizeof buffer, "\\x%02x", c);
      out += buffer;
    } else if (c == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      std::snprintf(buffer, sizeof buffer, "\\u%04x", static_cast<unsigned char>(text[i + 1]));
      out += buffer;
    } else {
      out += text.substr(i, length);
    }
    i += length == 0 ? 1 : length;
  }
  out += '"';
}

}  // namespace

Labels::Labels(std::initializer_list<Label> labels)
    : labels_(Normalized(std::vector<Label>(labels))) {}

Labels::Labels(std::vector<Label> labels) : labels_(Normalized(std::move(labels))) {}

std::string_view Labels::Get(std::string_view name) const { return Find(labels_, name); }

bool Labels::Has(std::string_view name) const { return !Get(name).empty(); }

uint64_t Labels::Hash() const {
  // 0xFF is no byte of UTF-8, so no two sets that differ give the same bytes.
  std::string bytes;
  size_t size = 0;
  for (const Label& label : labels_) size += label.name.size() + label.value.size() + 2;
  bytes.reserve(size);
  for (const Label& label : labels_) {
    bytes += label.name;
    bytes += '\xFF';
    bytes += label.value;
    bytes += '\xFF';
  }
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::string Labels::ToString() const {
  std::string out = "{";
  for (const Label& label : labels_) {
    if (out.size() > 1) out += ", ";
    if (IsLegacyLabelName(label.name)) {
      out += label.name;
    } else {
      AppendQuoted(label.name, out);
    }
    out += '=';
    AppendQuoted(label.value, out);
  }
  out += '}';
  return out;
}

LabelsBuilder& LabelsBuilder::Set(std::string_view name, std::string_view value) {
  if (value.empty()) return Del(name);
  auto it = LowerBound(labels_, name);
  if (it != labels_.end() && it->name == name) {
    it->value.assign(value);
  } else {
    labels_.insert(it, Label{std::string(name), std::string(value)});
  }
  return *this;
}

LabelsBuilder& LabelsBuilder::Del(std::string_view name) {
  auto it = LowerBound(labels_, name);
  if (it != labels_.end() && it->name == name) labels_.erase(it);
  return *this;
}

std::string_view LabelsBuilder::Get(std::string_view name) const { return Find(labels_, name); }

bool IsLegacyLabelName(std::string_view name) { return IsLegacyName(name, false); }

bool IsLegacyMetricName(std::string_view name) { return IsLegacyName(name, true); }

bool IsUtf8Name(std::string_view name) { return !name.empty() && IsValidUtf8(name); }

bool IsValidUtf8(std::string_view text) {
  while (!text.empty()) {
    // Almost every name and value is ASCII: eight bytes a step.
    if (text.size() >= 8) {
      uint64_t word = 0;
      std::copy_n(text.data(), 8, reinterpret_cast<char*>(&word));
      if ((word & 0x8080808080808080u) == 0) {
        text.remove_prefix(8);
        continue;
      }
    }
    const size_t length = Utf8CharacterBytes(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace limpet
