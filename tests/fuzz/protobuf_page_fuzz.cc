// Pages in protobuf: the in-place reader must take any bytes; of a page that the generated code has
// read and written again it must read what the plain rules say; and reading a page through the
// layout of another must give what reading it from scratch gives.
//
// Input: one byte of options (native histograms, classic ones too, a limit of buckets, coarser
// schemas), then two pages with 0xFF 0xFE between them.
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "agent/scrape/layout_registry.h"
#include "queue/remote_write_v2.pb.h"
#include "tests/fuzz/protobuf_model.h"

namespace limpet {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckReader(std::string_view bytes, const HistogramSettings& settings) {
  (void)SamplesOfReader(bytes, settings);
  const auto families = ParseFamilies(bytes);
  if (!families) return;
  const std::string page = SerializeFamilies(*families);
  Require(SamplesOfReader(page, settings) == SamplesOfFamilies(*families, settings));
}

void CheckHistograms(const PageValues& page) {
  for (const PageHistograms::Entry& entry : page.histograms.entries()) {
    const std::string_view message = page.histograms.Message(entry);
    remote_write_v2::Histogram histogram;
    Require(histogram.ParseFromArray(message.data(), static_cast<int>(message.size())));
    if (histogram.has_count_float()) continue;
    uint64_t count = histogram.zero_count_int();
    for (const auto* deltas : {&histogram.negative_deltas(), &histogram.positive_deltas()}) {
      uint64_t bucket = 0;
      for (const int64_t delta : *deltas) {
        bucket += static_cast<uint64_t>(delta);
        Require(bucket != 0);
        count += bucket;
      }
    }
    Require(count == histogram.count_int() || histogram.sum() != histogram.sum());
  }
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
  const auto& a_entries = a_page.histograms.entries();
  const auto& b_entries = b_page.histograms.entries();
  Require(a_entries.size() == b_entries.size());
  for (size_t i = 0; i < a_entries.size(); ++i) {
    Require(a_entries[i].series == b_entries[i].series);
    Require(a_page.histograms.Message(a_entries[i]) == b_page.histograms.Message(b_entries[i]));
  }
}

void CheckLayouts(std::string_view first_bytes, std::string_view second_bytes,
                  const HistogramSettings& histograms) {
  const Page first(first_bytes, PageFormat::kProtobuf);
  const Page second(second_bytes, PageFormat::kProtobuf);
  SeriesSettings settings;
  settings.histograms = histograms;
  settings.rules = std::make_shared<const std::vector<RelabelRule>>();
  const auto scope = NewLayoutScope(std::move(settings), Labels{{"job", "j"}});
  LayoutRegistry registry;
  PageValues values;
  PageCounts counts;
  const auto layout = registry.Resolve(*scope, first, 0, nullptr, values, counts);
  if (!layout) return;
  CheckHistograms(values);
  PageValues matched;
  Require((*layout)->Match(first, matched));
  RequireSame(**layout, matched, **layout, values);
  if (!(*layout)->Match(second, matched)) return;
  LayoutRegistry fresh;
  PageValues expected;
  const auto second_layout = fresh.Resolve(*scope, second, 0, nullptr, expected, counts);
  Require(second_layout.has_value());
  RequireSame(**layout, matched, **second_layout, expected);
}

}  // namespace
}  // namespace limpet

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view pages(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t divider = pages.find("\xff\xfe");
  const std::string_view first = pages.substr(0, divider);
  const std::string_view second = divider == pages.npos ? first : pages.substr(divider + 2);
  limpet::HistogramSettings settings;
  settings.native = (data[0] & 1) != 0;
  settings.always_classic = (data[0] & 2) != 0;
  settings.bucket_limit = (data[0] & 4) != 0 ? 2 : 0;
  settings.schema_max = (data[0] & 8) != 0 ? 0 : limpet::kExponentialSchemaMax;
  limpet::CheckReader(first, settings);
  limpet::CheckLayouts(first, second, settings);
  return 0;
}
