// write_relabel_configs of one receiver: applied to what would be delivered, external labels
// included.
//
// Who calls it: the sender of that receiver; one thread at a time.
// Operation: rules that neither read nor change the outer labels' names give the same for every
// target, so they are applied once a layout and the result is kept (RelabeledLayout). All others
// are applied to each series of each scrape, which takes microseconds instead of nanoseconds a
// sample. Limits: kept results are bounded and go when they are out of use.
#ifndef LIMPET_QUEUE_WIRE_RELABEL_H_
#define LIMPET_QUEUE_WIRE_RELABEL_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/relabel/relabel.h"
#include "queue/series_block.h"
#include "queue/wire.h"
#include "queue/wire_cache.h"

namespace limpet {

struct RelabeledLayout {
  static constexpr uint32_t kDropped = UINT32_MAX;
  // The original block where the rules only keep and drop, else the kept series with their new
  // labels.
  std::shared_ptr<const SeriesBlock> block;
  // By series of the original: which one of `block` it is, or kDropped.
  std::vector<uint32_t> series;
};

class WriteRelabel {
 public:
  static constexpr size_t kBytesMax = 8u << 20;
  static constexpr Millis kPeriod{10 * 60 * 1000};

  WriteRelabel(const Clock& clock, std::vector<RelabelRule> rules)
      : rules_(std::move(rules)),
        independent_(clock, kBytesMax, kPeriod),
        layouts_(clock, kBytesMax, kPeriod) {}

  bool empty() const { return rules_.empty(); }
  // Whether Layout() will do for targets with these outer labels.
  bool IndependentOf(const OuterLabels& outer);
  // Good until the next call.
  const RelabeledLayout& Layout(const std::shared_ptr<const SeriesBlock>& block);
  // The encoded labels of one series, complete; false where the rules drop it.
  bool Apply(const SeriesBlock& block, size_t series, const OuterLabels& outer,
             std::string& labels) const;
  void Expire() { layouts_.Expire(); }

 private:
  RelabeledLayout Relabel(const std::shared_ptr<const SeriesBlock>& block) const;

  std::vector<RelabelRule> rules_;
  WireCache<std::string, bool> independent_;  // by OuterLabels::shape()
  WireCache<uint64_t, RelabeledLayout> layouts_;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_WIRE_RELABEL_H_
