// A field of a monitor object with its path, read without trust: what is missing, null or of
// another type is as if it were not there, unless it is handed on to be checked.
//
// Who calls it: the translators of monitor objects, on the loop's thread. Views are into the
// object's JSON.
//
//   const MonitorField endpoint = spec.At("endpoints").Items()[0];
//   endpoint.At("interval").path() == "spec.endpoints[0].interval"
#ifndef LIMPET_DISCOVERY_MONITOR_FIELD_H_
#define LIMPET_DISCOVERY_MONITOR_FIELD_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "discovery/json_object.h"

namespace limpet {

class MonitorField {
 public:
  MonitorField(const JsonValue& value, std::string path) : value_(&value), path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  const JsonValue& value() const { return *value_; }
  bool IsSet() const { return !value_->IsNull(); }
  // The same, and not an empty text, list or mapping: what Go's omitempty leaves out.
  bool IsFilled() const;

  // One that is not set where there is none.
  MonitorField At(std::string_view name) const;
  std::vector<MonitorField> Items() const;
  // With their names, in order of name; of equal ones the first.
  std::vector<std::pair<std::string_view, MonitorField>> Members() const;

  std::string_view text() const;  // empty where it is no text
  bool flag(bool otherwise) const { return value_->IsBool() ? value_->GetBool() : otherwise; }
  // Of a text or a whole number: as Go prints an IntOrString.
  std::string TextOrNumber() const;

 private:
  const JsonValue* value_;
  std::string path_;
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_MONITOR_FIELD_H_
