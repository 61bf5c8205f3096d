#include "agent/scrape/exemplar_memory.h"

#include <algorithm>
#include <tuple>

namespace limpet {

bool ExemplarMemory::IsNew(const Last& last, const Seen& seen) {
  if (seen.has_timestamp != last.has_timestamp) return true;
  if (!seen.has_timestamp) return seen.hash != last.hash;
  return std::tie(seen.timestamp_ms, seen.hash) > std::tie(last.timestamp_ms, last.hash);
}

void ExemplarMemory::Sift(std::vector<Seen>& seen) {
  std::sort(seen.begin(), seen.end(), [](const Seen& a, const Seen& b) {
    return std::tie(a.series, a.timestamp_ms, a.hash) < std::tie(b.series, b.timestamp_ms, b.hash);
  });
  const size_t known = last_.size();
  size_t next = 0;  // of the known ones
  size_t kept = 0;
  for (const Seen& one : seen) {
    while (next < known && last_[next].series < one.series) ++next;
    Last* last = nullptr;
    if (next < known && last_[next].series == one.series) {
      last = &last_[next];
    } else if (last_.size() > known && last_.back().series == one.series) {
      last = &last_.back();
    }
    const Last now{one.series, one.has_timestamp, one.timestamp_ms, one.hash};
    if (last == nullptr) {
      last_.push_back(now);
    } else if (IsNew(*last, one)) {
      *last = now;
    } else {
      continue;
    }
    seen[kept++] = one;
  }
  seen.resize(kept);
  if (last_.size() > known && known > 0) Sort();
}

void ExemplarMemory::Move(const std::vector<int64_t>& moved) {
  std::erase_if(last_, [&](Last& last) {
    const int64_t place = last.series < moved.size() ? moved[last.series] : kGone;
    if (place != kGone) last.series = static_cast<uint32_t>(place);
    return place == kGone;
  });
  Sort();
}

void ExemplarMemory::Sort() {
  std::sort(last_.begin(), last_.end(),
            [](const Last& a, const Last& b) { return a.series < b.series; });
}

}  // namespace limpet
