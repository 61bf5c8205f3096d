// The formats in which a target may answer.
//
// Who calls it: everything that reads pages. The versions of a format are read alike: what is new
// in a later one is taken in an earlier one too, as in Prometheus.
#ifndef LIMPET_AGENT_SCRAPE_PAGE_FORMAT_H_
#define LIMPET_AGENT_SCRAPE_PAGE_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace limpet {

enum class PageFormat : uint8_t {
  kPrometheusText,   // 0.0.4, 1.0.0
  kOpenMetricsText,  // 0.0.1, 1.0.0
  kProtobuf,         // delimited messages io.prometheus.client.MetricFamily
};

// A page of the smallest lines takes ten times its size here: 40 MiB at this bound.
inline constexpr uint64_t kSamplesPerPageMax = 1'000'000;
// More of them on one page are left out.
inline constexpr size_t kExemplarsPerPageMax = 100'000;

// A page as it came; without a format it is the Prometheus text format.
struct Page {
  Page(std::string_view text_in, PageFormat format_in = PageFormat::kPrometheusText)
      : text(text_in), format(format_in) {}
  Page(const char* text_in) : text(text_in) {}
  Page(const std::string& text_in) : text(text_in) {}
  std::string_view text;
  PageFormat format = PageFormat::kPrometheusText;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_PAGE_FORMAT_H_
