#include "agent/scrape/exemplar.h"

#include <algorithm>
#include <string>
#include <utility>

#include "agent/scrape/exposition_tokens.h"
#include "agent/scrape/openmetrics_parser.h"

namespace limpet {
namespace {

size_t Characters(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

}  // namespace

Result<std::vector<Label>> ExemplarLabels(const RawExemplar& exemplar) {
  std::vector<RawLabel> raw;
  const std::string text = std::string(exemplar.labels) + "}";
  const char* p = text.data();
  if (const char* wrong = ParseOpenMetricsLabels(p, p + text.size(), nullptr, &raw)) {
    return Error{wrong};
  }
  size_t characters = 0;
  std::vector<Label> labels;
  for (const RawLabel& label : raw) {
    // As Prometheus, which leaves the escapes of an exemplar as they are.
    labels.push_back({std::string(label.name), std::string(label.value)});
    characters += Characters(label.name) + Characters(label.value);
  }
  if (characters > kExemplarCharactersMax) {
    return Error{"the exemplar's labels have more than 128 characters"};
  }
  std::sort(labels.begin(), labels.end(),
            [](const Label& a, const Label& b) { return a.name < b.name; });
  const auto twice =
      std::adjacent_find(labels.begin(), labels.end(),
                         [](const Label& a, const Label& b) { return a.name == b.name; });
  if (twice != labels.end()) return Error{"the exemplar has a label twice"};
  return labels;
}

}  // namespace limpet
