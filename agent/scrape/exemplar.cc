#include "agent/scrape/exemplar.h"

#include <algorithm>
#include <string>
#include <utility>

#include "agent/scrape/exposition_tokens.h"
#include "agent/scrape/openmetrics_parser.h"
#include "agent/scrape/protobuf_reader.h"
#include "agent/scrape/scraped_labels.h"

namespace limpet {
namespace {

size_t Characters(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

Result<std::vector<Label>> OpenMetricsLabels(const RawExemplar& exemplar) {
  std::vector<RawLabel> raw;
  const std::string text = std::string(exemplar.labels) + "}";
  const char* p = text.data();
  if (const char* wrong = ParseOpenMetricsLabels(p, p + text.size(), nullptr, &raw)) {
    return Error{wrong};
  }
  std::vector<Label> labels;
  for (const RawLabel& label : raw) {
    // As Prometheus, which leaves the escapes of an exemplar as they are.
    labels.push_back({std::string(label.name), std::string(label.value)});
  }
  return labels;
}

}  // namespace

Result<std::vector<Label>> ExemplarLabels(const RawExemplar& exemplar, PageFormat format) {
  Result<std::vector<Label>> labels = format == PageFormat::kProtobuf
                                          ? ProtobufExemplarLabels(exemplar.labels)
                                          : OpenMetricsLabels(exemplar);
  if (!labels) return labels.error();
  std::erase_if(*labels, [](const Label& label) { return label.value.empty(); });
  size_t characters = 0;
  for (const Label& label : *labels) {
    characters += Characters(label.name) + Characters(label.value);
  }
  if (characters > kExemplarCharactersMax) {
    return Error{"the exemplar's labels have more than 128 characters"};
  }
  if (auto unique = SortUniqueLabels(*labels); !unique) return unique.error();
  return labels;
}

}  // namespace limpet
