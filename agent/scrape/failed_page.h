// What the report series say of a page that was refused.
//
// Who calls it: the target's series, on the loop's thread, after a page that failed.
// Source: Prometheus' scrape loop. The samples up to the place of the error count as scraped and,
// if relabelling left them, as such; a sample whose labels are at fault counts as scraped only.
// Where only the sample limit is at fault all samples count, and the series up to the limit as
// added; so it is where native histograms have too many buckets.
#ifndef LIMPET_AGENT_SCRAPE_FAILED_PAGE_H_
#define LIMPET_AGENT_SCRAPE_FAILED_PAGE_H_

#include "agent/scrape/layout.h"
#include "agent/scrape/sample_labels.h"

namespace limpet {

// `previous` is the layout of the page before, or null.
PageCounts CountFailedPage(const LayoutScope& scope, const Page& page, uint64_t series_max,
                           const Layout* previous);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_FAILED_PAGE_H_
