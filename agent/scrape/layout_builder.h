// The long way from a page to a layout: parse every line, relabel every sample, find duplicates.
//
// Who calls it: the layout registry, on the loop's thread.
// Operation: ScanPage reads the page's lines and numbers without labels, which is all that finding
// an existing layout takes; BuildLayout decodes and relabels. Limits: 256 MiB of labels a layout.
// Of samples of one series the first counts, the others are duplicates, except that samples with
// timestamps of their own all stay.
#ifndef LIMPET_AGENT_SCRAPE_LAYOUT_BUILDER_H_
#define LIMPET_AGENT_SCRAPE_LAYOUT_BUILDER_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "agent/platform/result.h"
#include "agent/scrape/layout.h"
#include "agent/scrape/layout_pieces.h"
#include "agent/scrape/metadata_tables.h"
#include "agent/scrape/page_families.h"
#include "agent/scrape/page_metadata.h"
#include "agent/scrape/sample_labels.h"
#include "agent/scrape/sample_value.h"
#include "queue/weak_pool.h"

namespace limpet {

// A page taken apart; buffers that are used again.
struct ScannedPage {
  std::vector<LayoutLine> lines;  // samples have no series yet
  // Of a page in protobuf these two stay empty.
  std::vector<SampleTail> tails;                            // one a sample, in order of the page
  std::vector<std::pair<uint32_t, RawExemplar>> exemplars;  // by sample
  std::vector<ScannedMetadata> metadata;
};

// On an error counts.scraped says how many samples preceded it.
Result<void> ScanPage(const LayoutScope& scope, const Page& page, ScannedPage& scanned,
                      PageCounts& counts);

// Whether the lines are the layout's, so that it fits the page.
bool SameLines(const std::vector<LayoutLine>& scanned, const Layout& layout);

// What layouts share.
struct LayoutSharing {
  MetadataTables metadata;
  WeakPool<PageFamilies> families;
  LayoutPieces pieces;
};

// Fails where a sample's labels are invalid or, with `series_max` not 0, where more series than
// that are left; null where the page needs a scope of its own. Of the page's pieces those that
// another layout has are taken from there, and are neither decoded nor relabelled again.
Result<std::shared_ptr<const Layout>> BuildLayout(const LayoutScope& scope, const Page& page,
                                                  const ScannedPage& scanned, uint64_t series_max,
                                                  const Layout* previous, LayoutSharing& sharing,
                                                  PageCounts& counts);

// Puts a scanned page's numbers where Match would have put them. An error where a native histogram
// is not as it must be.
Result<void> PlaceValues(const Layout& layout, const Page& page, const ScannedPage& scanned,
                         PageValues& out);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_LAYOUT_BUILDER_H_
