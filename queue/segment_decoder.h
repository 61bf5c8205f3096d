// Turns the records of one segment back into scrapes; the other end of SegmentEncoder.
//
// Who calls it: a log reader, on the loop's thread, with a segment's records in order from its
// first. Records may be missing (damage): what depends on them is reported and never guessed,
// because identities in a segment are not used twice and every record of a stream is numbered.
// Memory: 8 bytes a series of an open stream, plus the layouts and targets, which are shared
// through the pool.
#ifndef LIMPET_QUEUE_SEGMENT_DECODER_H_
#define LIMPET_QUEUE_SEGMENT_DECODER_H_

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "queue/log_pool.h"
#include "queue/record.h"
#include "queue/record_payload.h"
#include "queue/scrape_view.h"

namespace limpet {

class SegmentDecoder {
 public:
  enum class Outcome {
    kDictionary,   // nothing to deliver
    kScrape,       // view() has it, until the next call
    kUndecodable,  // malformed, or something it needs is missing; lost_samples() were in it
  };

  SegmentDecoder(int64_t segment_created_ms, LogPool& pool)
      : created_ms_(segment_created_ms), pool_(pool) {}

  Outcome Decode(const Record& record);
  const ScrapeView& view() const { return view_; }
  uint64_t lost_samples() const { return lost_samples_; }

 private:
  struct Stream {
    std::shared_ptr<const SeriesBlock> layout;
    std::shared_ptr<const LogTarget> target;
    uint64_t next_number = 0;
    std::vector<double> previous;
  };

  Outcome DecodeScrape(std::string_view payload);
  Stream* BeginKey(const ScrapeFront& front, ByteReader& in);
  bool DecodeSamples(const ScrapeFront& front, Stream& stream, ByteReader& in);

  int64_t created_ms_;
  LogPool& pool_;
  std::unordered_map<uint64_t, std::shared_ptr<const SeriesBlock>> layouts_;
  std::unordered_map<uint64_t, std::shared_ptr<const LogTarget>> targets_;
  std::unordered_map<uint64_t, Stream> streams_;
  uint64_t lost_samples_ = 0;
  ScrapeView view_;
  std::vector<uint32_t> series_;
  std::vector<double> values_;
  std::vector<int64_t> timestamps_;
  std::vector<uint64_t> closed_;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_SEGMENT_DECODER_H_
