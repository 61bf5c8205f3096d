// The native histograms of a page, encoded for delivery; buffers that are used again.
//
// Who calls it: layouts put them in, the target's series takes them out; the loop's thread.
// Limits: 64 MiB a page.
#ifndef LIMPET_AGENT_SCRAPE_PAGE_HISTOGRAMS_H_
#define LIMPET_AGENT_SCRAPE_PAGE_HISTOGRAMS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/scrape/native_histogram.h"

namespace limpet {

class PageHistograms {
 public:
  struct Entry {
    uint32_t series;
    size_t begin;
    size_t size;
  };

  void Clear() {
    constexpr size_t kBytesKept = 4u << 20;
    entries_.clear();
    bytes_.clear();
    if (bytes_.capacity() > kBytesKept) bytes_.shrink_to_fit();
  }
  HistogramFault Add(uint32_t series, const NativeHistogram& histogram,
                     const HistogramSettings& settings) {
    const size_t begin = bytes_.size();
    const HistogramFault fault = encoder_.Append(histogram, settings, bytes_);
    fault_ = encoder_.fault();
    if (fault != HistogramFault::kNone) return fault;
    if (bytes_.size() > kBytesMax) {
      fault_ = "native histograms of the page exceed 64 MiB";
      return HistogramFault::kInvalid;
    }
    entries_.push_back({series, begin, bytes_.size() - begin});
    return fault;
  }
  const char* fault() const { return fault_; }  // after one

  // In order of the page.
  const std::vector<Entry>& entries() const { return entries_; }
  std::string_view Message(const Entry& entry) const {
    return std::string_view(bytes_).substr(entry.begin, entry.size);
  }

 private:
  static constexpr size_t kBytesMax = 64u << 20;
  HistogramEncoder encoder_;
  std::vector<Entry> entries_;
  std::string bytes_;
  const char* fault_ = "";
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_PAGE_HISTOGRAMS_H_
