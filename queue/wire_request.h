// Builds Remote-Write 1.0 requests out of scrapes.
//
// Who calls it: the sender of one receiver; one thread at a time.
// Operation: Add writes samples behind those already there, one TimeSeries a sample, until the
// scrape, the room or the turn is used up; Seal compresses what is there and starts afresh. Values
// keep their bits (staleness markers are NaNs with a payload). Limits: RequestLimits; a single
// sample is taken whatever its size.
//
//   size_t next = builder.Add(scrape, 0, {5000, 4 << 20, INT64_MIN});
//   if (next < scrape.values.size()) ...   // full: Seal, send, and Add again from `next`
#ifndef LIMPET_QUEUE_WIRE_REQUEST_H_
#define LIMPET_QUEUE_WIRE_REQUEST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "queue/scrape_view.h"
#include "queue/wire.h"
#include "queue/wire_batch.h"
#include "queue/wire_plan.h"
#include "queue/wire_relabel.h"

namespace limpet {

// What all senders of a process share.
struct WireMemory {
  explicit WireMemory(const Clock& clock) : plans(clock) {}
  PlanCache plans;
  WireBuffer compressed;
};

struct RequestLimits {
  uint64_t samples_max;
  size_t bytes_max;   // not compressed
  int64_t oldest_ms;  // samples before it are left out
  // Looked at in one call, whether kept or not: rules that keep next to nothing take time too.
  size_t values_max = SIZE_MAX;
};

class RequestBuilder {
 public:
  RequestBuilder(const Clock& clock, WireMemory& memory, std::vector<RelabelRule> rules)
      : memory_(memory), relabel_(clock, std::move(rules)) {}

  // Takes effect with the next scrape.
  void SetExternalLabels(const Labels& labels) { external_ = labels; }
  // Adds the scrape's values from index `from` on; returns the first that found no room
  // or is behind limits.values_max.
  size_t Add(const ScrapeView& scrape, size_t from, const RequestLimits& limits);
  // Whether the last Add ended for want of room.
  bool no_room() const { return no_room_; }
  Batch Seal();
  // Gives memory back that is not in use; after Seal.
  void Release() { message_.Release(); }
  void ExpireCaches() { relabel_.Expire(); }

  uint64_t samples() const { return samples_; }
  std::string_view message() const { return message_.view(); }
  // Left out since the start.
  uint64_t samples_too_old() const { return too_old_; }
  uint64_t samples_relabelled_away() const { return relabelled_away_; }

 private:
  bool AddSample(const InterleavePlan& plan, std::string_view inner, size_t series, double value,
                 int64_t timestamp_ms, const RequestLimits& limits);
  bool AddRelabelled(const ScrapeView& scrape, size_t series, double value, int64_t timestamp_ms,
                     const RequestLimits& limits);
  // Where a TimeSeries with labels of that size goes; null where there is no room.
  char* Begin(size_t label_bytes, int64_t timestamp_ms, const RequestLimits& limits);
  void End(char* out, double value, int64_t timestamp_ms);

  WireMemory& memory_;
  WriteRelabel relabel_;
  Labels external_;
  OuterLabels outer_;
  WireBuffer message_;
  std::string relabelled_;
  bool no_room_ = false;
  uint64_t samples_ = 0;
  int64_t oldest_ms_ = 0;
  int64_t newest_ms_ = 0;
  uint64_t too_old_ = 0;
  uint64_t relabelled_away_ = 0;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_WIRE_REQUEST_H_
