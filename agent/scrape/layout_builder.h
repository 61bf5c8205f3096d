// The long way from a page to a layout: parse every line, relabel every sample, find duplicates.
//
// Who calls it: the layout registry, on the loop's thread.
// Operation: pieces of the page that another layout has are taken from there, and of the others
// the lines that the target's previous page had, with the series that they stood for; what is left
// is decoded and relabelled. Limits: 256 MiB of labels a layout.
// Of samples of one series the first counts, the others are duplicates, except that samples with
// timestamps of their own all stay.
#ifndef LIMPET_AGENT_SCRAPE_LAYOUT_BUILDER_H_
#define LIMPET_AGENT_SCRAPE_LAYOUT_BUILDER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "agent/platform/result.h"
#include "agent/scrape/layout.h"
#include "agent/scrape/layout_pieces.h"
#include "agent/scrape/metadata_tables.h"
#include "agent/scrape/page_families.h"
#include "agent/scrape/page_scan.h"
#include "agent/scrape/sample_labels.h"
#include "queue/weak_pool.h"

namespace limpet {

// Whether the lines are the layout's, so that it fits the page.
bool SameLines(const std::vector<LayoutLine>& scanned, const Layout& layout);

// What layouts share.
struct LayoutSharing {
  MetadataTables metadata;
  WeakPool<PageFamilies> families;
  LayoutPieces pieces;
};

// Fails where a sample's labels are invalid or, with `series_max` not 0, where more series than
// that are left; null where the page needs a scope of its own. `previous` is of any scope or null;
// where the page was scanned along a layout it is that one, and of this scope.
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
