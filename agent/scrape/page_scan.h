// A page's lines and numbers without labels: all that finding an existing layout takes.
//
// Who calls it: the layout registry and what builds layouts; the loop's thread.
// Operation: ScanPage parses each line. ScanAlong reads a page along the layout of the one before:
// most of its lines are there, known by their hash, and only the others are parsed. Both give the
// same lines and numbers; ScanAlong says besides where each line was, so that what became of it
// then need not be found out again.
//
//   if (previous == nullptr || !ScanAlong(*previous, page, scanned, counts)) {
//     if (auto good = ScanPage(page, settings, scanned, counts); !good) return good.error();
//   }
#ifndef LIMPET_AGENT_SCRAPE_PAGE_SCAN_H_
#define LIMPET_AGENT_SCRAPE_PAGE_SCAN_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "agent/platform/result.h"
#include "agent/scrape/histogram_settings.h"
#include "agent/scrape/layout.h"
#include "agent/scrape/page_metadata.h"
#include "agent/scrape/sample_value.h"
#include "agent/scrape/text_sample.h"

namespace limpet {

// A page taken apart; buffers that are used again.
struct ScannedPage {
  // A line whose labels have to be read.
  struct NewLine {
    uint32_t line;    // of the page
    uint32_t at;      // where in `before` it stands: in front of that one
    size_t offset;    // in the page
    MetricType type;  // of the last TYPE line, as far as LineSlot tells
  };
  static constexpr uint32_t kNew = UINT32_MAX;

  std::vector<LayoutLine> lines;  // samples have no series yet
  // These two stay empty where HasSamplesLater.
  std::vector<SampleTail> tails;                            // one a sample, in order of the page
  std::vector<std::pair<uint32_t, RawExemplar>> exemplars;  // by sample
  std::vector<ScannedMetadata> metadata;                    // by ScanPage alone

  // By ScanAlong alone: the lines of the layout, with series as its block numbers them; and of each
  // line of the page its place there or kNew. The gaps are the same in both.
  std::vector<LayoutLine> before;
  std::vector<uint32_t> places;
  std::vector<NewLine> new_lines;  // ascending

  bool along() const { return !places.empty(); }
  void Clear();
};

// Where there may be native histograms: the samples are read once the layout is known.
inline bool HasSamplesLater(const Page& page, const HistogramSettings& settings) {
  return page.format == PageFormat::kProtobuf || settings.convert;
}

// On an error counts.scraped says how many samples preceded it.
Result<void> ScanPage(const Page& page, const HistogramSettings& settings, ScannedPage& scanned,
                      PageCounts& counts);

// False, and nothing is known, where the page cannot be read so: it has other gaps, many other
// samples, an error, or HasSamplesLater.
bool ScanAlong(const Layout& layout, const Page& page, ScannedPage& scanned, PageCounts& counts);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_PAGE_SCAN_H_
