// The frame around everything in a segment: header, records, checksums. queue/FORMAT.md has the
// page.
//
// Who calls it: the segment code; any thread.
// Limits: a payload has at most kRecordPayloadMax bytes; a longer length is taken for damage.
// A record that does not check out is trusted in nothing, its length least of all.
#ifndef LIMPET_QUEUE_RECORD_H_
#define LIMPET_QUEUE_RECORD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace limpet {

inline constexpr std::string_view kSegmentMagic = "limpetS1";  // the digit is the format's version
inline constexpr size_t kSegmentHeaderBytes = 8 + 8 + 8 + 4;
inline constexpr size_t kRecordHeaderBytes = 4 + 4 + 1;
inline constexpr uint32_t kRecordPayloadMax = 64u << 20;

// No time in ms is further from 1970: sums and differences of two do not overflow.
inline constexpr int64_t kTimeMsMax = int64_t{1} << 52;

// Types that a reader does not know but that check out are passed over.
// 1 is not used any more.
enum class RecordType : uint8_t {
  kTarget = 2,
  kScrape = 3,
  kChunk = 4,
  kLayout = 5,
  kMetadata = 6,
};
// Looking for the next good record behind damage, only these first bytes count as a type.
inline constexpr uint8_t kRecordTypeMax = 15;

struct SegmentHeader {
  uint64_t number = 0;
  int64_t created_ms = 0;
};
std::string EncodeSegmentHeader(const SegmentHeader& header);
// Nothing where it does not check out.
std::optional<SegmentHeader> ParseSegmentHeader(std::string_view bytes);

struct Record {
  RecordType type{};
  std::string_view payload;
  size_t bytes = 0;  // with its header
};

// Opens a record at the end of `out`; the payload is appended by the caller, then it is closed.
size_t BeginRecord(RecordType type, std::string& out);
void EndRecord(size_t begin, std::string& out);

enum class RecordStatus {
  kOk,
  kShort,  // more bytes are needed: `needed` of them, counted from the record's begin
  kBad,
};
enum class RecordCheck { kChecksum, kTrusted };
RecordStatus ParseRecord(std::string_view bytes, RecordCheck check, Record& record, size_t& needed);

}  // namespace limpet

#endif  // LIMPET_QUEUE_RECORD_H_
