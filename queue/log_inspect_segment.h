// Reads one segment's file from its header to its end and tells a visitor what is there, good and
// bad, without changing a byte.
//
// Who calls it: InspectLog and `limpet log dump`; any thread. Reads block. The file may belong to a
// limpet that is running: a record that it is just writing is waited for, and only one that stays
// incomplete is damage. What it appends behind that is not looked at.
// Limits: memory is SegmentWalker's and SegmentDecoder's, so that of one segment's layouts and
// streams. One that was damaged is read on behind the damage, as limpet itself does.
#ifndef LIMPET_QUEUE_LOG_INSPECT_SEGMENT_H_
#define LIMPET_QUEUE_LOG_INSPECT_SEGMENT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "agent/platform/file_system.h"
#include "agent/platform/result.h"
#include "queue/record.h"
#include "queue/scrape_view.h"

namespace limpet {

enum class DamageKind {
  kBadHeader,     // of a segment or a cursor's file: nothing in it can be trusted
  kTornTail,      // of the newest segment: cut off when limpet starts
  kBadRecord,     // does not check out
  kBadContent,    // checks out and makes no sense
  kStreamGap,     // scrapes that depend on something damaged
  kUnreadable,    // the disk or the permissions
  kBadCursor,     // no entry checks out
  kCursorInside,  // stands inside a record
};
std::string_view DamageKindName(DamageKind kind);

struct LogDamage {
  DamageKind kind{};
  std::string file;  // the path
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint64_t samples = 0;  // of kStreamGap and kBadContent: how many were in it
  std::string detail;    // for people
};

struct InspectedRecord {
  uint64_t offset = 0;
  Record record;
  // Of a scrape that decoded, good during the call.
  const ScrapeView* scrape = nullptr;
  // It needs something that is missing, or makes no sense.
  bool undecodable = false;
  uint64_t lost_samples = 0;     // that were in an undecodable one
  uint64_t missing_samples = 0;  // that were in damaged records before it, found out here
};

class SegmentVisitor {
 public:
  virtual ~SegmentVisitor() = default;
  virtual void OnHeader(const SegmentHeader& /*header*/) {}
  // False: enough of this segment.
  virtual bool OnRecord(const InspectedRecord& record) = 0;
  // In order with the records. Gaps of streams come once, when the segment ends.
  virtual void OnDamage(const LogDamage& damage) = 0;
};

struct SegmentInspectOptions {
  uint64_t number = 0;  // what the header has to say
  bool newest = false;  // its end may be under way
  // Gives a writer some time; called again while the end is incomplete, a few times at most.
  std::function<void()> wait;
};

// The bytes there were when it was opened; nothing where the file is gone by now.
std::optional<uint64_t> InspectSegment(FileSystem& files, const std::string& path,
                                       const SegmentInspectOptions& options,
                                       SegmentVisitor& visitor);

// "00000000000000a1.seg" -> 161; nothing where it is no segment's name.
std::optional<uint64_t> SegmentNumberOf(std::string_view file_name);

}  // namespace limpet

#endif  // LIMPET_QUEUE_LOG_INSPECT_SEGMENT_H_
