// Scrapes that a log reader has taken from a segment and not yet given out, in the order in which
// it will: target by target.
//
// Who calls it: LogReaderImpl; the loop's thread.
// Operation: targets come in the order in which they first appeared, each one's scrapes in that of
// the log, so that a sender finds many samples of a series one after the other. Scrapes stay
// encoded, at a byte a sample or so, until their turn comes. Limits: full() once a target has
// kScrapesPerTargetMax, or with all of it at kBytesMax; one record more may be in it.
#ifndef LIMPET_QUEUE_LOG_WINDOW_H_
#define LIMPET_QUEUE_LOG_WINDOW_H_

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace limpet {

class LogWindow {
 public:
  static constexpr uint32_t kScrapesPerTargetMax = 32;
  static constexpr size_t kBytesMax = 4u << 20;

  struct Scrape {
    std::string_view payload;  // good until Clear
    uint32_t samples = 0;
  };

  // Copies the payload. `key` is the target's.
  void Add(uint64_t key, std::string_view payload, uint32_t samples);
  bool full() const { return full_; }
  // Nothing is left to take.
  bool empty() const { return taken_ == entries_.size(); }
  // In the order to give them out; nothing is added any more from the first one on.
  Scrape Take();
  // The memory goes too, but for what a reader that keeps up needs again at once.
  void Clear();

 private:
  struct Entry {
    Scrape scrape;
    uint32_t next = 0;  // of the same target
  };
  struct Group {
    uint32_t first = 0;
    uint32_t last = 0;
    uint32_t scrapes = 0;
  };

  std::string_view Store(std::string_view payload);

  std::deque<std::string> blocks_;
  std::vector<Entry> entries_;
  std::vector<Group> groups_;  // in order of first appearance
  std::unordered_map<uint64_t, uint32_t> group_of_;
  size_t bytes_ = 0;
  bool full_ = false;
  size_t taken_ = 0;
  size_t group_ = 0;         // to take from
  uint32_t in_group_ = 0;    // how many of it have been taken
  uint32_t next_entry_ = 0;  // where some have
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_LOG_WINDOW_H_
