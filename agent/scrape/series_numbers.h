// Numbers by the 64-bit hash of a series: which series of a page are the same.
//
// Who calls it: building and comparing layouts; the loop's thread. Open addressing, because each
// page whose lines are others than before fills one anew. Limits: as many hashes as it is made for;
// 24 to 48 bytes each. The hashes are TextHash's, so nobody can choose ones that meet.
//
//   SeriesNumbers seen(lines.size());
//   if (!seen.Add(hash, 17).second) ...   // there already, with the number .first
#ifndef LIMPET_AGENT_SCRAPE_SERIES_NUMBERS_H_
#define LIMPET_AGENT_SCRAPE_SERIES_NUMBERS_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace limpet {

class SeriesNumbers {
 public:
  explicit SeriesNumbers(size_t most) : slots_(std::bit_ceil(most + most / 2 + 1)) {}

  // The number of the hash, which is `number` where it was not there; then also true.
  std::pair<uint32_t, bool> Add(uint64_t hash, uint32_t number) {
    Slot& slot = slots_[SlotOf(hash)];
    const bool added = !slot.used;
    if (added) slot = {hash, number, true};
    return {slot.number, added};
  }
  // Null where it is not there.
  const uint32_t* Find(uint64_t hash) const {
    const Slot& slot = slots_[SlotOf(hash)];
    return slot.used ? &slot.number : nullptr;
  }

 private:
  struct Slot {
    uint64_t hash = 0;
    uint32_t number = 0;
    bool used = false;
  };
  // That of the hash, or the free one where it would be.
  size_t SlotOf(uint64_t hash) const {
    size_t slot = hash & (slots_.size() - 1);
    while (slots_[slot].used && slots_[slot].hash != hash) slot = (slot + 1) & (slots_.size() - 1);
    return slot;
  }
  std::vector<Slot> slots_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_SERIES_NUMBERS_H_
