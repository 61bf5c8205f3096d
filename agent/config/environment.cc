#include "agent/config/environment.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "agent/relabel/labels.h"

namespace limpet {

namespace {

struct Variable {
  std::string name;  // empty: there is none
  size_t bytes = 0;  // what it takes, the $ not counted
};

Variable BracedVariable(std::string_view text) {
  if (!text.starts_with('{')) return {};
  const size_t end = text.find('}');
  if (end == std::string_view::npos) return {};
  const std::string_view name = text.substr(1, end - 1);
  if (!IsLegacyLabelName(name)) return {};
  return {std::string(name), end + 1};
}

Variable BareVariable(std::string_view text) {
  size_t end = 0;
  while (end < text.size() && IsLegacyLabelName(text.substr(0, end + 1))) ++end;
  return {std::string(text.substr(0, end)), end};
}

// At the start of what is behind a $.
Variable VariableAt(std::string_view text, VariableForm form) {
  Variable braced = BracedVariable(text);
  if (!braced.name.empty() || form == VariableForm::kBraced) return braced;
  return BareVariable(text);
}

}  // namespace

Result<std::string> ExpandEnvironment(std::string_view text, size_t bytes_max, VariableForm form) {
  std::string out;
  while (!text.empty()) {
    const size_t dollar = std::min(text.find('$'), text.size());
    out += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.starts_with("$$")) {
      out += '$';
      text.remove_prefix(2);
    } else if (const Variable variable =
                   VariableAt(text.substr(std::min<size_t>(1, text.size())), form);
               !variable.name.empty()) {
      const char* value = std::getenv(variable.name.c_str());
      if (value == nullptr) return Error{"environment variable " + variable.name + " is not set"};
      out += value;
      text.remove_prefix(variable.bytes + 1);
    } else if (!text.empty()) {
      out += '$';
      text.remove_prefix(1);
    }
    if (out.size() > bytes_max) return Error{"too large after replacing environment variables"};
  }
  return out;
}

}  // namespace limpet
