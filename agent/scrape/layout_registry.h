// The layouts in memory: a page that several targets expose is relabelled and stored once.
//
// Who calls it: the scrape manager and its scrapers, on the loop's thread.
// Operation: found by scope (how series are made) and the hashes of all lines. The registry owns no
// layout: one that no target uses any more is gone.
#ifndef LIMPET_AGENT_SCRAPE_LAYOUT_REGISTRY_H_
#define LIMPET_AGENT_SCRAPE_LAYOUT_REGISTRY_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "agent/platform/result.h"
#include "agent/scrape/layout.h"
#include "agent/scrape/layout_builder.h"
#include "agent/scrape/page_scan.h"
#include "agent/scrape/sample_labels.h"
#include "queue/weak_pool.h"

namespace limpet {

class LayoutRegistry {
 public:
  // An equal shared scope where one is in use, else this one.
  std::shared_ptr<const LayoutScope> Intern(std::shared_ptr<const LayoutScope> scope);

  // The layout of a page, found or built, and the page's numbers; null where the scope is shared
  // and the page needs one of its own (NeedOwnScope). `counts` is also good on an error.
  Result<std::shared_ptr<const Layout>> Resolve(const LayoutScope& scope, const Page& page,
                                                uint64_t series_max, const Layout* previous,
                                                PageValues& out, PageCounts& counts);
  // The layout without lines: just the report series.
  std::shared_ptr<const Layout> Empty(const LayoutScope& scope);

  struct Usage {
    uint64_t layouts = 0;
    uint64_t bytes = 0;  // with their pieces, families and metadata tables
  };
  Usage usage() const;

 private:
  Result<std::shared_ptr<const Layout>> ResolveScanned(const LayoutScope& scope, const Page& page,
                                                       uint64_t series_max, const Layout* previous,
                                                       PageValues& out, PageCounts& counts);
  std::shared_ptr<const Layout> Find(const LayoutScope& scope, PageFormat format,
                                     uint64_t key) const;

  ScannedPage scanned_;
  LayoutSharing sharing_;
  WeakPool<Layout> layouts_;
  std::vector<std::weak_ptr<const LayoutScope>> scopes_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_LAYOUT_REGISTRY_H_
