// Turns scrapes into the records of one segment and remembers what that segment has been told.
//
// Who calls it: Log::Append, on the loop's thread; one encoder a segment, which begins with
// nothing. Operation: a target's scrapes with one layout are a stream. Its first record, and every
// 64th, is a key record that needs nothing before it but the dictionary; the others are coded
// against the record before. Streams that have been quiet for ten minutes, and all but the last
// three of a target, are closed, and what only they needed is forgotten, in the writer at once and
// in readers by a note in the next key record. Memory: 8 bytes a series of a target's last used
// stream, for its previous values, two or three of its others, and as many bytes as its last
// histograms and exemplars took (at most 128 KiB); layouts and targets are known by their numbers
// and not kept alive.
#ifndef LIMPET_QUEUE_SEGMENT_ENCODER_H_
#define LIMPET_QUEUE_SEGMENT_ENCODER_H_

#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "queue/record_attachments.h"
#include "queue/record_dictionary.h"
#include "queue/scrape_view.h"

namespace limpet {

class SegmentEncoder {
 public:
  static constexpr uint32_t kRecordsPerKey = 64;
  static constexpr size_t kStreamsPerTargetMax = 3;
  static constexpr int64_t kQuietMs = 10 * 60 * 1000;

  explicit SegmentEncoder(int64_t segment_created_ms) : created_ms_(segment_created_ms) {}

  // Appends the records of one scrape. False, with nothing appended, where the view contradicts
  // itself or its layout is too large for a record.
  bool Encode(const ScrapeView& scrape, std::string& out);

  // Whether the last scrape was the first of its stream, so that layout and target may be new.
  bool opened_stream() const { return opened_stream_; }
  size_t streams() const { return streams_.size(); }

 private:
  struct Stream {
    uint64_t id = 0;
    uint64_t target = 0;  // LogTarget::id
    uint64_t layout = 0;  // SeriesBlock::id
    uint64_t number = 0;  // of the record to come
    int64_t last_ms = 0;
    size_t series = 0;
    std::vector<double> previous;
    std::string rested;  // the same, packed, while another stream of the target is the last used
    StreamSections sections;
  };
  using StreamPlace = std::list<Stream>::iterator;
  struct Target {
    uint64_t id = 0;                   // in this segment
    std::vector<StreamPlace> streams;  // the last used one in front
  };
  struct Layout {
    uint64_t id = 0;
    uint32_t streams = 0;
  };

  StreamPlace FindOrOpen(const ScrapeView& scrape, std::string& out);
  StreamPlace Open(const ScrapeView& scrape, Target& target);
  void CloseQuietStreams(int64_t now_ms, uint64_t but_target);
  void Close(StreamPlace stream);
  static void Rest(Stream& stream);
  static void Resume(Stream& stream);
  void PutKeyFields(const Stream& stream, std::string& out);

  int64_t created_ms_;
  std::list<Stream> streams_;  // the longest quiet one in front
  std::unordered_map<uint64_t, Target> targets_;
  std::unordered_map<uint64_t, Layout> layouts_;
  DictionaryWriter written_;
  bool opened_stream_ = false;
  uint64_t samples_ = 0;  // in the segment so far
  AttachmentEncoder attachments_;
  uint64_t next_id_ = 1;  // all that has a number in a segment counts together
  std::vector<uint64_t> closed_streams_;
  std::vector<uint64_t> closed_layouts_;
  std::vector<uint64_t> closed_targets_;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_SEGMENT_ENCODER_H_
