// Where in its table the metadata of each series of a layout stands.
//
// Who calls it: building layouts; the loop's thread.
// Operation: a page that was read along a layout says of its metrics what the page before said, for
// its gaps are the same; so its series have the metadata that they had there, and a new one has
// that of a line of the same name nearby. Where there is none, or no layout before, what the page
// says is read.
#ifndef LIMPET_AGENT_SCRAPE_METADATA_PLACES_H_
#define LIMPET_AGENT_SCRAPE_METADATA_PLACES_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "agent/scrape/layout.h"
#include "agent/scrape/metadata_tables.h"
#include "agent/scrape/page_families.h"
#include "agent/scrape/page_scan.h"

namespace limpet {

struct MetadataPlaces {
  std::shared_ptr<const MetadataTable> table;
  std::vector<uint16_t> places;  // by series, the report series behind those of the page
  std::shared_ptr<const PageFamilies> families;
};

// `along` is the layout that the page was scanned along; null where it was not. Of `parts` the
// pieces are used.
MetadataPlaces FindMetadata(const Page& page, const ScannedPage& scanned, const Layout* along,
                            const Layout::Parts& parts, MetadataTables& tables,
                            WeakPool<PageFamilies>& families);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_METADATA_PLACES_H_
