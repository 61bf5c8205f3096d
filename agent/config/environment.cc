#include "agent/config/environment.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "agent/relabel/labels.h"

namespace limpet {

namespace {

// The name in "{NAME}" at the start of `text`; empty where there is none.
std::string_view BracedName(std::string_view text) {
  if (!text.starts_with('{')) return {};
  const size_t end = text.find('}');
  if (end == std::string_view::npos) return {};
  const std::string_view name = text.substr(1, end - 1);
  return IsLegacyLabelName(name) ? name : std::string_view();
}

}  // namespace

Result<std::string> ExpandEnvironment(std::string_view text, size_t bytes_max) {
  std::string out;
  while (!text.empty()) {
    const size_t dollar = std::min(text.find('$'), text.size());
    out += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.starts_with("$$")) {
      out += '$';
      text.remove_prefix(2);
    } else if (const std::string name(BracedName(text.substr(std::min<size_t>(1, text.size()))));
               !name.empty()) {
      const char* value = std::getenv(name.c_str());
      if (value == nullptr) return Error{"environment variable " + name + " is not set"};
      out += value;
      text.remove_prefix(name.size() + 3);
    } else if (!text.empty()) {
      out += '$';
      text.remove_prefix(1);
    }
    if (out.size() > bytes_max) return Error{"too large after replacing environment variables"};
  }
  return out;
}

}  // namespace limpet
