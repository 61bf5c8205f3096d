// A page that shows the same series in another order keeps its block of series, so that for the log
// and the senders nothing has changed.
//
// Who calls it: building layouts; the loop's thread.
#ifndef LIMPET_AGENT_SCRAPE_LAYOUT_REUSE_H_
#define LIMPET_AGENT_SCRAPE_LAYOUT_REUSE_H_

#include "agent/scrape/layout.h"

namespace limpet {

// If the previous layout has the same series with the same metadata, refers to them there; the
// layout then has its lines to itself.
void ReuseBlock(const Layout& previous, Layout::Parts& parts);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_LAYOUT_REUSE_H_
