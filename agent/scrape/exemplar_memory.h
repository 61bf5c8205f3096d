// The last exemplar of each series of a target, so that what a page shows again is not delivered
// again.
//
// Who calls it: the target's series, on the loop's thread.
// Source: Prometheus' exemplar storage. The exemplars of a series come in order of time; one that
// is the same as the last one, or before it, has been delivered. Without a timestamp of its own an
// exemplar is known by its labels and value alone.
// Memory: 32 bytes for each series that has had exemplars; content is known by a 64-bit hash.
#ifndef LIMPET_AGENT_SCRAPE_EXEMPLAR_MEMORY_H_
#define LIMPET_AGENT_SCRAPE_EXEMPLAR_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace limpet {

class ExemplarMemory {
 public:
  // Of an exemplar on a page.
  struct Seen {
    uint32_t series;
    bool has_timestamp;
    int64_t timestamp_ms;  // the sample's where it has none
    uint64_t hash;         // of its labels and value
    size_t place;          // of it on the page
  };

  // Brings them in order of series and time, takes out what is known, and knows the rest.
  void Sift(std::vector<Seen>& seen);
  // The series are now others: `moved` has the new place for each old one, or kGone.
  static constexpr int64_t kGone = -1;
  void Move(const std::vector<int64_t>& moved);
  bool empty() const { return last_.empty(); }
  size_t size() const { return last_.size(); }

 private:
  struct Last {
    uint32_t series;
    bool has_timestamp;
    int64_t timestamp_ms;
    uint64_t hash;
  };
  static bool IsNew(const Last& last, const Seen& seen);
  void Sort();
  std::vector<Last> last_;  // ascending by series
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_EXEMPLAR_MEMORY_H_
