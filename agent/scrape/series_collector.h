// The series of a layout as they are found on a page: encoded, told apart, bounded.
//
// Who calls it: building layouts; the loop's thread. Limits: 256 MiB of labels, and the series that
// are asked for; what is beyond them is counted and not kept. Series are told apart by a 64-bit
// hash.
#ifndef LIMPET_AGENT_SCRAPE_SERIES_COLLECTOR_H_
#define LIMPET_AGENT_SCRAPE_SERIES_COLLECTOR_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "agent/scrape/series_numbers.h"
#include "agent/scrape/text_hash.h"
#include "queue/series_chunk.h"

namespace limpet {

class SeriesCollector {
 public:
  // Of at most so many series, those that are kept for later among them.
  SeriesCollector(uint64_t series_max, size_t most) : series_max_(series_max), seen_(most) {}

  // Series are labels as a SeriesChunk has them. False where the series is in it already.
  bool AddNew(std::string_view encoded) {
    if (!seen_.Add(TextHash::Instance()(encoded), size_).second) return false;
    Add(encoded);
    return true;
  }
  // A further one, whether or not it is there already; it counts as seen.
  // The place of the first one that is the same.
  uint32_t AddAgain(std::string_view encoded) {
    const uint32_t first = seen_.Add(TextHash::Instance()(encoded), size_).first;
    Add(encoded);
    return first == kReserved ? size_ - 1 : first;
  }
  // Keeps the series for later: a sample of the page cannot take it.
  void Reserve(std::string_view encoded) { seen_.Add(TextHash::Instance()(encoded), kReserved); }

  uint32_t size() const { return size_; }
  bool over_limit() const { return series_max_ != 0 && size_ > series_max_; }
  bool too_large() const { return bytes_ > kLabelBytesMax; }
  std::shared_ptr<const SeriesChunk> Build() { return builder_.Build(); }

 private:
  static constexpr uint32_t kReserved = UINT32_MAX;
  static constexpr size_t kLabelBytesMax = 256u << 20;
  static constexpr size_t kPerSeries = 16;

  void Add(std::string_view encoded) {
    ++size_;
    bytes_ += encoded.size() + kPerSeries;
    // Above a limit the scrape fails, but the rest is still counted.
    if (over_limit() || too_large()) return;
    builder_.AddSeries(encoded);
  }

  uint64_t series_max_;
  uint32_t size_ = 0;
  size_t bytes_ = 0;
  SeriesNumbers seen_;
  SeriesChunk::Builder builder_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_SERIES_COLLECTOR_H_
