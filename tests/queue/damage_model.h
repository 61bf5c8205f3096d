// What flipped bits in a log's files may take: worked out from the format (queue/FORMAT.md), record
// by record, without the code that reads it back.
//
// Who calls it: the log's model test. Scrapes are those of MakeScrape with three targets, and are
// told apart by their times.
// A flip may take the record that it hits; in a key record or one between, also the records of its
// stream up to the next key; in a layout or target, what names it; in the header, the segment. In a
// cursor it takes nothing, but what was delivered may come again.
#ifndef LIMPET_TESTS_QUEUE_DAMAGE_MODEL_H_
#define LIMPET_TESTS_QUEUE_DAMAGE_MODEL_H_

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/queue/memory_file_system.h"

namespace limpet {

class DamageModel {
 public:
  DamageModel(MemoryFileSystem& files, std::string directory)
      : files_(files), directory_(std::move(directory)) {}

  // Of any segment or cursor that is there. The file's path; empty where there is none.
  std::string FlipBit(std::mt19937& random);
  // To be called whenever files may have grown: what is appended may depend on what is damaged.
  // Of scrapes that are not in the file yet, those before `next` are taken into account where the
  // segment is the newest and this process writes it, which it does from `first_segment` on.
  void Refresh(int64_t next, uint64_t first_segment);

  bool MayMiss(int64_t sequence) const { return taken_.contains(sequence); }
  // The segment it was in; 0: not known, or all of it is unreadable.
  uint64_t SegmentOf(int64_t sequence) const;
  bool cursors_flipped() const { return cursors_flipped_; }

 private:
  struct Flips {
    std::vector<std::pair<uint64_t, int>> bits;
    // When it was walked last.
    uint64_t seen_bytes = 0;
    int64_t seen_next = 0;
  };
  std::string Unflipped(const std::string& path, Flips& flips);
  void Walk(const std::string& bytes, const Flips& flips, int64_t next, bool grows);
  void Take(int64_t sequence, uint64_t segment);

  MemoryFileSystem& files_;
  const std::string directory_;
  std::map<std::string, Flips> segments_;
  std::map<int64_t, uint64_t> taken_;  // sequence to segment
  bool cursors_flipped_ = false;
};

}  // namespace limpet

#endif  // LIMPET_TESTS_QUEUE_DAMAGE_MODEL_H_
