// Pages of metrics: the parser must take any bytes, and reading a page through the layout of
// another must give what reading it from scratch gives.
//
// Input: one byte of options (honor_labels, honor_timestamps, OpenMetrics), then two pages with a
// 0xFF 0xFE between them. The second is matched against the first's layout.
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "agent/scrape/exemplar.h"
#include "agent/scrape/layout_registry.h"

namespace limpet {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void RequireSame(const Layout& a, const PageValues& a_page, const Layout& b,
                 const PageValues& b_page) {
  Require(a.page_series() == b.page_series());
  Require(a.block()->SameSeries(*b.block()));
  Require(a.has_timestamps() == b.has_timestamps());
  Require(a_page.exemplars.size() == b_page.exemplars.size());
  for (size_t i = 0; i < a.page_series(); ++i) {
    Require(std::bit_cast<uint64_t>(a_page.values[i]) == std::bit_cast<uint64_t>(b_page.values[i]));
    if (a.has_timestamps()) Require(a_page.timestamps[i] == b_page.timestamps[i]);
  }
}

void Run(uint8_t options, std::string_view first_text, std::string_view second_text) {
  const PageFormat format =
      (options & 4) != 0 ? PageFormat::kOpenMetricsText : PageFormat::kPrometheusText;
  const Page first(first_text, format);
  const Page second(second_text, format);
  const auto scope = NewLayoutScope((options & 1) != 0, (options & 2) != 0,
                                    std::make_shared<const std::vector<RelabelRule>>(),
                                    Labels{{"job", "j"}, {"instance", "i"}});
  LayoutRegistry registry;
  PageValues values;
  PageCounts counts;
  const auto layout = registry.Resolve(*scope, first, 0, nullptr, values, counts);
  if (layout) {
    PageValues matched;
    Require((*layout)->Match(first, matched));
    RequireSame(**layout, matched, **layout, values);
    for (const PageExemplar& exemplar : matched.exemplars) (void)ExemplarLabels(exemplar.exemplar);
  }
  LayoutRegistry fresh;
  PageValues expected;
  const auto second_layout = fresh.Resolve(*scope, second, 0, nullptr, expected, counts);
  PageValues matched;
  if (layout && (*layout)->Match(second, matched)) {
    Require(second_layout.has_value());
    RequireSame(**layout, matched, **second_layout, expected);
  }
}

}  // namespace
}  // namespace limpet

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view pages(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t divider = pages.find("\xff\xfe");
  const std::string_view first = pages.substr(0, divider);
  const std::string_view second = divider == pages.npos ? first : pages.substr(divider + 2);
  limpet::Run(data[0], first, second);
  return 0;
}
