// Pages of metrics: what the parsers read is what plain readers read, and reading a page through
// the layout of another must give what reading it from scratch gives.
//
// Input: one byte of options, then two pages with a 0xFF 0xFE between them. The second is matched
// against the first's layout. With kGenerated the rest is no text but the choices of which two
// pages are made, so that the fuzzer need not find the formats by itself.
#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/scrape/layout_registry.h"
#include "tests/scrape/exposition_generator.h"
#include "tests/scrape/plain_comparison.h"

namespace limpet {
namespace {

enum Option : uint8_t {
  kHonorLabels = 1,
  kHonorTimestamps = 2,
  kOpenMetrics = 4,
  kGenerated = 8,
  kConvertHistograms = 16,
  kKeepClassic = 32,
};

void Require(bool holds) {
  if (!holds) std::abort();
}

void RequireNone(const std::string& difference) {
  if (difference.empty()) return;
  std::fprintf(stderr, "%s\n", difference.c_str());
  std::abort();
}

void RequireSame(const Layout& a, const PageValues& a_page, const Layout& b,
                 const PageValues& b_page) {
  Require(a.page_series() == b.page_series());
  Require(a.block()->size() == b.block()->size());
  for (size_t i = 0; i < a.block()->size(); ++i) {
    Require(a.block()->Encoded(i) == b.block()->Encoded(i));
    Require(a.block()->MetadataOf(i) == b.block()->MetadataOf(i));
  }
  Require(a.has_timestamps() == b.has_timestamps());
  Require(a_page.exemplars.size() == b_page.exemplars.size());
  for (size_t i = 0; i < a.page_series(); ++i) {
    Require(std::bit_cast<uint64_t>(a_page.values[i]) == std::bit_cast<uint64_t>(b_page.values[i]));
    if (a.has_timestamps()) Require(a_page.timestamps[i] == b_page.timestamps[i]);
  }
  const auto& a_histograms = a_page.histograms.entries();
  const auto& b_histograms = b_page.histograms.entries();
  Require(a_histograms.size() == b_histograms.size());
  for (size_t i = 0; i < a_histograms.size(); ++i) {
    Require(a_histograms[i].series == b_histograms[i].series);
    Require(a_page.histograms.Message(a_histograms[i]) ==
            b_page.histograms.Message(b_histograms[i]));
  }
}

// With labels of a target in the way.
void CompareLayouts(uint8_t options, const Page& first, const Page& second) {
  SeriesSettings settings;
  settings.honor_labels = (options & kHonorLabels) != 0;
  settings.honor_timestamps = (options & kHonorTimestamps) != 0;
  settings.rules = std::make_shared<const std::vector<RelabelRule>>();
  settings.histograms.convert = (options & kConvertHistograms) != 0;
  settings.histograms.always_classic = (options & kKeepClassic) != 0;
  const auto scope = NewLayoutScope(settings, Labels{{"job", "j"}, {"instance", "i"}});
  LayoutRegistry registry;
  PageValues values;
  PageCounts counts;
  const auto layout = registry.Resolve(*scope, first, 0, nullptr, values, counts);
  if (!layout) return;
  PageValues matched;
  if (*layout != nullptr) {
    Require((*layout)->Match(first, matched));
    RequireSame(**layout, matched, **layout, values);
  }
  LayoutRegistry fresh;
  const auto second_layout = fresh.Resolve(*scope, second, 0, nullptr, values, counts);
  if (*layout != nullptr && (*layout)->Match(second, matched)) {
    Require(second_layout.has_value());
    RequireSame(**layout, matched, **second_layout, values);
  }
  // Read along the first one's layout.
  const auto along = registry.Resolve(*scope, second, 0, layout->get(), matched, counts);
  Require(along.has_value() == second_layout.has_value());
  if (!along) return;
  Require((*along == nullptr) == (*second_layout == nullptr));
  // One that is the former one's again has its order.
  if (*along == nullptr || (*layout != nullptr && (*along)->block() == (*layout)->block())) return;
  RequireSame(**along, matched, **second_layout, values);
}

std::pair<std::string, std::string> GeneratedPages(bool openmetrics, std::string_view choices) {
  size_t at = 0;
  ExpositionGenerator generator(openmetrics, [&](size_t n) {
    if (at + 1 >= choices.size()) return size_t{0};
    const size_t choice =
        static_cast<uint8_t>(choices[at]) * size_t{256} + static_cast<uint8_t>(choices[at + 1]);
    at += 2;
    return choice % n;
  });
  std::string first = generator.Page();
  if (choices.size() % 2 != 0) return {first, generator.Page()};
  // The same page with other digits, which its layout may well take.
  std::string second = first;
  for (char& c : second) {
    if (c >= '0' && c <= '9' && at < choices.size()) {
      c = static_cast<char>('0' + static_cast<uint8_t>(choices[at++]) % 10);
    }
  }
  return {first, second};
}

void Run(uint8_t options, std::string_view first_text, std::string_view second_text) {
  const PageFormat format =
      (options & kOpenMetrics) != 0 ? PageFormat::kOpenMetricsText : PageFormat::kPrometheusText;
  const Page first(first_text, format);
  const Page second(second_text, format);
  RequireNone(ParserDifference(first));
  RequireNone(LayoutDifference(second, first));
  CompareLayouts(options, first, second);
}

}  // namespace
}  // namespace limpet

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  if ((data[0] & limpet::kGenerated) != 0) {
    const auto [first, second] =
        limpet::GeneratedPages((data[0] & limpet::kOpenMetrics) != 0, input);
    limpet::Run(data[0], first, second);
    return 0;
  }
  const size_t divider = input.find("\xff\xfe");
  const std::string_view first = input.substr(0, divider);
  limpet::Run(data[0], first, divider == input.npos ? first : input.substr(divider + 2));
  return 0;
}
