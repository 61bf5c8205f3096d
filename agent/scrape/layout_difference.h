// Which series one layout of a target has and another has not: staleness and scrape_series_added.
//
// Who calls it: the target's series, on the loop's thread; only where the layout changed.
// Operation: series are compared by a 64-bit hash of their labels, so lines that only moved are no
// difference. Report series are in every layout and left out.
#ifndef LIMPET_AGENT_SCRAPE_LAYOUT_DIFFERENCE_H_
#define LIMPET_AGENT_SCRAPE_LAYOUT_DIFFERENCE_H_

#include <cstdint>
#include <vector>

#include "agent/scrape/layout.h"
#include "queue/scrape_view.h"

namespace limpet {

// Of the page's series of `before`, those that `after` has not, ascending. The targets are those
// that the layouts were written with.
std::vector<uint32_t> MissingSeries(const Layout& before, const LogTarget& before_target,
                                    const Layout& after, const LogTarget& after_target);

// Numbers of `before`'s page's series (one each) as those of `after`'s; INT64_MIN where a series is
// new. A series that is there twice has its number at the first place.
std::vector<int64_t> MovedToLayout(const Layout& before, const LogTarget& before_target,
                                   const std::vector<int64_t>& numbers, const Layout& after,
                                   const LogTarget& after_target);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_LAYOUT_DIFFERENCE_H_
