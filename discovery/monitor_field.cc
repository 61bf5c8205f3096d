#include "discovery/monitor_field.h"

#include <algorithm>

namespace limpet {
namespace {

const JsonValue& NotSet() {
  static const JsonValue kNull;
  return kNull;
}

// A name as part of a path, of which a stranger may have made a long one.
std::string Shown(std::string_view name) {
  constexpr size_t kBytesMax = 63;
  return std::string(name.substr(0, kBytesMax));
}

}  // namespace

bool MonitorField::IsFilled() const {
  if (value_->IsString()) return value_->GetStringLength() > 0;
  if (value_->IsArray()) return !value_->Empty();
  if (value_->IsObject()) return !value_->ObjectEmpty();
  return IsSet();
}

MonitorField MonitorField::At(std::string_view name) const {
  std::string path = path_ + "." + Shown(name);
  if (!value_->IsObject()) return {NotSet(), std::move(path)};
  const auto member = value_->FindMember(
      JsonValue(rapidjson::StringRef(name.data(), static_cast<rapidjson::SizeType>(name.size()))));
  return {member == value_->MemberEnd() ? NotSet() : member->value, std::move(path)};
}

std::vector<MonitorField> MonitorField::Items() const {
  std::vector<MonitorField> items;
  if (!value_->IsArray()) return items;
  for (const JsonValue& item : value_->GetArray()) {
    items.emplace_back(item, path_ + "[" + std::to_string(items.size()) + "]");
  }
  return items;
}

std::vector<std::pair<std::string_view, MonitorField>> MonitorField::Members() const {
  std::vector<std::pair<std::string_view, MonitorField>> members;
  if (!value_->IsObject()) return members;
  for (const auto& member : value_->GetObject()) {
    const std::string_view name = JsonView(member.name);
    members.emplace_back(name, MonitorField(member.value, path_ + "." + Shown(name)));
  }
  std::stable_sort(members.begin(), members.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  members.erase(std::unique(members.begin(), members.end(),
                            [](const auto& a, const auto& b) { return a.first == b.first; }),
                members.end());
  return members;
}

std::string_view MonitorField::text() const {
  return value_->IsString() ? JsonView(*value_) : std::string_view();
}

std::string MonitorField::TextOrNumber() const {
  if (value_->IsInt64()) return std::to_string(value_->GetInt64());
  return std::string(text());
}

}  // namespace limpet
