// What a page in protobuf says by the generated code and the plain rules, to hold the in-place
// reader against.
#ifndef LIMPET_TESTS_FUZZ_PROTOBUF_MODEL_H_
#define LIMPET_TESTS_FUZZ_PROTOBUF_MODEL_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/scrape/histogram_settings.h"
#include "agent/scrape/metrics.pb.h"

namespace limpet {

// The families of a page without fields that nobody knows; none where the page is not well formed.
std::optional<std::vector<metrics::MetricFamily>> ParseFamilies(std::string_view page);
std::string SerializeFamilies(const std::vector<metrics::MetricFamily>& families);

// A text a sample; none where the page must fail.
using SampleTexts = std::optional<std::vector<std::string>>;
SampleTexts SamplesOfFamilies(const std::vector<metrics::MetricFamily>& families,
                              const HistogramSettings& settings);
SampleTexts SamplesOfReader(std::string_view page, const HistogramSettings& settings);

}  // namespace limpet

#endif  // LIMPET_TESTS_FUZZ_PROTOBUF_MODEL_H_
