// The series of a layout as they are found on a page: encoded, told apart, bounded.
//
// Who calls it: building layouts; the loop's thread. Limits: 256 MiB of labels, and the series that
// are asked for; what is beyond them is counted and not kept. Series are told apart by a 64-bit
// hash.
#ifndef LIMPET_AGENT_SCRAPE_SERIES_COLLECTOR_H_
#define LIMPET_AGENT_SCRAPE_SERIES_COLLECTOR_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agent/relabel/labels.h"
#include "agent/scrape/text_hash.h"
#include "queue/series_chunk.h"

namespace limpet {

class SeriesCollector {
 public:
  explicit SeriesCollector(uint64_t series_max) : series_max_(series_max) {}

  // False where the series is in it already.
  bool AddNew(const std::vector<Label>& labels) {
    if (!seen_.emplace(HashOf(labels), size_).second) return false;
    Add(labels);
    return true;
  }
  // A further one, whether or not it is there already; it counts as seen.
  // The place of the first one that is the same.
  uint32_t AddAgain(const std::vector<Label>& labels) {
    const uint32_t first = seen_.emplace(HashOf(labels), size_).first->second;
    Add(labels);
    return first == kReserved ? size_ - 1 : first;
  }
  // Keeps the series for later: a sample of the page cannot take it.
  void Reserve(const std::vector<Label>& labels) { seen_.emplace(HashOf(labels), kReserved); }

  uint32_t size() const { return size_; }
  bool over_limit() const { return series_max_ != 0 && size_ > series_max_; }
  bool too_large() const { return bytes_ > kLabelBytesMax; }
  std::shared_ptr<const SeriesChunk> Build() { return builder_.Build(); }

 private:
  static constexpr uint32_t kReserved = UINT32_MAX;
  static constexpr size_t kLabelBytesMax = 256u << 20;

  void Add(const std::vector<Label>& labels) {
    ++size_;
    for (const Label& label : labels) bytes_ += label.name.size() + label.value.size() + 16;
    // Above a limit the scrape fails, but the rest is still counted.
    if (over_limit() || too_large()) return;
    builder_.BeginSeries();
    for (const Label& label : labels) builder_.AddLabel(label.name, label.value);
  }

  uint64_t HashOf(const std::vector<Label>& labels) {
    key_.clear();
    for (const Label& label : labels) {
      key_ += label.name;
      key_ += '\xff';  // no byte of UTF-8, which names and values are
      key_ += label.value;
      key_ += '\xff';
    }
    return TextHash::Instance()(key_);
  }

  uint64_t series_max_;
  uint32_t size_ = 0;
  size_t bytes_ = 0;
  std::string key_;
  std::unordered_map<uint64_t, uint32_t> seen_;
  SeriesChunk::Builder builder_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_SERIES_COLLECTOR_H_
