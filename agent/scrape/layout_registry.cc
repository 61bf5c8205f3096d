#include "agent/scrape/layout_registry.h"

#include <algorithm>
#include <utility>

#include "agent/scrape/text_hash.h"

namespace limpet {
namespace {

// Large pages are rare; what they needed is not kept for the small ones.
constexpr size_t kScannedLinesKept = 64 * 1024;

}  // namespace

std::shared_ptr<const LayoutScope> LayoutRegistry::Intern(
    std::shared_ptr<const LayoutScope> scope) {
  if (!scope->shared) return scope;
  std::shared_ptr<const LayoutScope> found;
  std::erase_if(scopes_, [&](const std::weak_ptr<const LayoutScope>& entry) {
    const auto known = entry.lock();
    if (known != nullptr && SameScope(*known, *scope)) found = known;
    return known == nullptr;
  });
  if (found != nullptr) return found;
  scopes_.push_back(scope);
  return scope;
}

Result<std::shared_ptr<const Layout>> LayoutRegistry::Resolve(const LayoutScope& scope,
                                                              const Page& page, uint64_t series_max,
                                                              const Layout* previous,
                                                              PageValues& out, PageCounts& counts) {
  auto layout = ResolveScanned(scope, page, series_max, previous, out, counts);
  // Also behind a page that was refused: it may have been the largest of all.
  const size_t lines = std::max(scanned_.lines.capacity(), scanned_.before.capacity());
  if (lines > kScannedLinesKept) scanned_ = {};
  return layout;
}

Result<std::shared_ptr<const Layout>> LayoutRegistry::ResolveScanned(
    const LayoutScope& scope, const Page& page, uint64_t series_max, const Layout* previous,
    PageValues& out, PageCounts& counts) {
  const bool along = previous != nullptr && previous->scope_id() == scope.id &&
                     ScanAlong(*previous, page, scanned_, counts);
  if (!along) {
    auto scanned = ScanPage(page, scope.histograms, scanned_, counts);
    if (!scanned) return scanned.error();
  }
  const uint64_t key = HashOfLines(scope.id, scanned_.lines);
  std::shared_ptr<const Layout> layout = Find(scope, page.format, key);
  if (layout == nullptr) {
    auto built = BuildLayout(scope, page, scanned_, series_max, previous, sharing_, counts);
    if (!built || *built == nullptr) return built;
    layout = *built;
    layouts_.Add(key, layout);
  }
  counts = layout->counts();
  if (series_max != 0 && layout->page_series() > series_max) return Error{"sample limit exceeded"};
  if (auto placed = PlaceValues(*layout, page, scanned_, out); !placed) return placed.error();
  return layout;
}

std::shared_ptr<const Layout> LayoutRegistry::Empty(const LayoutScope& scope) {
  PageValues values;
  PageCounts counts;
  return *Resolve(scope, Page(""), 0, nullptr, values, counts);
}

std::shared_ptr<const Layout> LayoutRegistry::Find(const LayoutScope& scope, PageFormat format,
                                                   uint64_t key) const {
  return layouts_.Find(key, [&](const Layout& layout) {
    return layout.scope_id() == scope.id && layout.format() == format &&
           SameLines(scanned_.lines, layout);
  });
}

LayoutRegistry::Usage LayoutRegistry::usage() const {
  Usage usage;
  usage.bytes = sharing_.metadata.usage().bytes + sharing_.pieces.memory_bytes();
  sharing_.families.ForEach([&](const PageFamilies& families) { usage.bytes += families.bytes(); });
  layouts_.ForEach([&](const Layout& layout) {
    ++usage.layouts;
    usage.bytes += layout.bytes();
  });
  return usage;
}

}  // namespace limpet
