// Turns the records of one segment back into scrapes; the other end of SegmentEncoder.
//
// Who calls it: a log reader, on the loop's thread, with a segment's records in order from its
// first. Records may be missing (damage): what depends on them is reported and never guessed,
// because identities in a segment are not used twice and every record of a stream is numbered.
// Operation: two steps, so that scrapes can be put into another order while they are still
// encoded, at a byte a sample. Scan takes every record, in the segment's order, learns the
// dictionary and tells whose scrape it is. DecodeScanned makes the values; it takes the scrapes of
// one key in the order of the scan, whatever comes between them. ForgetClosed lets go of what the
// writer has done with; only when nothing scanned is still to be decoded. Decode does all of it at
// once, for who wants the segment's order.
// Memory: 8 bytes a series of an open stream and the bytes of its last histograms and exemplars (at
// most 128 KiB), plus the layouts and targets, which are shared through the pool.
#ifndef LIMPET_QUEUE_SEGMENT_DECODER_H_
#define LIMPET_QUEUE_SEGMENT_DECODER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "queue/log_pool.h"
#include "queue/record.h"
#include "queue/record_attachments.h"
#include "queue/record_payload.h"
#include "queue/scrape_view.h"

namespace limpet {

// What the first step tells of a scrape.
struct ScannedScrape {
  uint64_t key = 0;      // LogTarget::key
  uint64_t samples = 0;  // also where it cannot be decoded
  int64_t timestamp_ms = 0;
  // How many samples the writer had put before it into the segment; key records tell.
  std::optional<uint64_t> samples_before;
};

class SegmentDecoder {
 public:
  enum class Outcome {
    kDictionary,   // nothing to deliver
    kScrape,       // scanned() tells of it
    kUndecodable,  // malformed, or something it needs is missing; lost_samples() were in it
  };

  SegmentDecoder(int64_t segment_created_ms, LogPool& pool)
      : created_ms_(segment_created_ms), pool_(pool), dictionary_(pool) {}

  // After kScrape view() has it, until the next call.
  Outcome Decode(const Record& record);

  // kScrape: its payload can be given to DecodeScanned.
  Outcome Scan(const Record& record);
  const ScannedScrape& scanned() const { return scanned_; }
  uint64_t lost_samples() const { return scanned_.samples; }
  // The payload of a scrape that was scanned. False where it is malformed, or follows one of its
  // stream that was. view() is good until the next call.
  bool DecodeScanned(std::string_view payload);
  const ScrapeView& view() const { return view_; }
  void SetMayBeResent(bool may_be) { view_.may_be_resent = may_be; }
  void ForgetClosed();

 private:
  struct Stream {
    uint64_t key = 0;
    uint64_t next_scanned = 0;
    std::shared_ptr<const SeriesBlock> layout;
    std::shared_ptr<const LogTarget> target;
    uint64_t next_decoded = 0;
    std::vector<double> previous;
    StreamSections sections;
  };

  Outcome ScanScrape(std::string_view payload);
  bool ScanKey(const ScrapeFront& front, ByteReader& in);
  bool BeginKey(Stream& stream, ByteReader& in);
  bool DecodeSamples(const ScrapeFront& front, Stream& stream, ByteReader& in);

  int64_t created_ms_;
  LogPool& pool_;
  DictionaryReader dictionary_;
  std::unordered_map<uint64_t, std::shared_ptr<const LogTarget>> targets_;
  std::unordered_map<uint64_t, Stream> streams_;
  std::vector<uint64_t> closed_streams_;
  std::vector<uint64_t> closed_layouts_;
  std::vector<uint64_t> closed_targets_;
  ScannedScrape scanned_;
  ScrapeView view_;
  std::vector<uint32_t> series_;
  std::vector<double> values_;
  std::vector<int64_t> timestamps_;
  AttachmentDecoder attachments_;
  std::vector<uint64_t> ids_;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_SEGMENT_DECODER_H_
