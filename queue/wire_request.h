// Builds Remote-Write requests, 1.0 and 2.0, out of runs of scrapes.
//
// Who calls it: the sender of one receiver; one thread at a time.
// Operation: Add writes series behind those already there, until the run, the room or the turn is
// used up; Seal compresses what is there and starts afresh. A series has its labels once and all
// its samples of the run, so a backlog's samples share them and live data has one sample a series.
// Values keep their bits (staleness markers are NaNs with a payload). Where some of a series'
// samples are native histograms and others are plain (staleness markers), each stretch of one kind
// is a time series of its own: a message has them apart, and the order of time would be lost.
// Limits: RequestLimits; into an empty request a single series is taken whatever its size, at most
// samples_max of its samples.
//
//   size_t next = builder.Add(run, 0, {5000, 4 << 20, INT64_MIN});
//   if (next < run.series_end()) ...   // full: Seal, send, and Add again from `next`
#ifndef LIMPET_QUEUE_WIRE_REQUEST_H_
#define LIMPET_QUEUE_WIRE_REQUEST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "queue/scrape_view.h"
#include "queue/wire.h"
#include "queue/wire_attachments.h"
#include "queue/wire_batch.h"
#include "queue/wire_plan.h"
#include "queue/wire_relabel.h"
#include "queue/wire_run.h"
#include "queue/wire_symbols.h"
#include "queue/wire_v2.h"

namespace limpet {

// What all senders of a process share.
struct WireMemory {
  explicit WireMemory(const Clock& clock) : plans(clock), layouts(clock) {}
  PlanCache plans;
  LayoutSymbolsCache layouts;
  WireBuffer compressed;
};

struct RequestLimits {
  uint64_t samples_max;
  size_t bytes_max;   // not compressed
  int64_t oldest_ms;  // samples before it are left out
  // Looked at in one call, whether kept or not: rules that keep next to nothing take time too.
  size_t values_max = SIZE_MAX;
};

// Why something was left out.
enum class LeftOut : uint8_t {
  kTooOld,
  kRelabelled,  // dropped by the rules
  // WireContents does not have them:
  kHistogramsNotEnabled,
  kCustomBuckets,
  kExemplarsNotEnabled,
};
inline constexpr size_t kLeftOutReasons = 5;

class RequestBuilder {
 public:
  RequestBuilder(const Clock& clock, WireMemory& memory, std::vector<RelabelRule> rules)
      : memory_(memory), relabel_(clock, std::move(rules)) {}

  // Takes effect with the next run.
  void SetExternalLabels(const Labels& labels) { external_ = labels; }
  // Takes effect with the next request.
  void SetProtocol(WireProtocol protocol, const WireContents& contents = {}) {
    next_protocol_ = protocol;
    next_contents_ = contents;
  }
  // Adds the series of the run's layout from `from_series` on. Returns the first that found no room
  // or is behind limits.values_max, run.series_end() after the last. The rest of a series that was
  // split is taken up by the next Add of the same run from that series on.
  size_t Add(const ScrapeRun& run, size_t from_series, const RequestLimits& limits);
  // Whether the last Add ended for want of room.
  bool no_room() const { return no_room_; }
  // Values that the last Add looked at, whether it kept them or not.
  size_t values_looked_at() const { return values_looked_at_; }
  Batch Seal();
  // Gives memory back that is not in use; after Seal.
  void Release();
  void ExpireCaches() { relabel_.Expire(); }

  uint64_t series() const { return series_; }
  uint64_t samples() const { return samples_; }
  // Of the message, before compression.
  size_t message_bytes() const {
    return protocol_ == WireProtocol::kV1 ? message_.size() : message_v2_.bytes();
  }
  // Left out since the start.
  const WireCounts& left_out(LeftOut reason) const {
    return left_out_[static_cast<size_t>(reason)];
  }
  uint64_t samples_too_old() const { return left_out(LeftOut::kTooOld).samples; }
  uint64_t samples_relabelled_away() const { return left_out(LeftOut::kRelabelled).samples; }

 private:
  // Where the labels of a run's series come from.
  struct Source {
    const RelabeledLayout* relabelled = nullptr;  // null: not relabelled, or each time
    const SeriesBlock* block = nullptr;
    const InterleavePlan* plan = nullptr;  // null: rules are applied to each series, each time
  };
  enum class Added { kYes, kDropped, kNoRoom };

  Source Begin(const ScrapeRun& run);
  // The series' samples that are to be sent, in samples_of_series_; those too old are before them.
  std::span<const WireSample> TakeSamples(const ScrapeRun& run, size_t series, int64_t oldest_ms);
  // The content is what a series has behind its labels, see AttachedContent.
  template <typename Content>
  Added AddSeries(const Source& source, size_t series, Content& content,
                  const RequestLimits& limits);
  template <typename Content>
  bool WriteSeries(const Source& source, size_t series, Content& content,
                   const RequestLimits& limits);
  template <typename Content>
  bool WriteRelabelled(size_t series, Content& content, const RequestLimits& limits);
  void CountAdded(uint64_t samples, int64_t oldest_ms, int64_t newest_ms);
  // A series with histograms or exemplars; false where the rest of it waits for the next request.
  bool AddAttached(const Source& source, const ScrapeRun& run, size_t series,
                   const RequestLimits& limits);
  // Why a sample is not sent, if so.
  std::optional<LeftOut> WhyNot(const AttachedSample& sample, const RequestLimits& limits) const;
  // How many samples from the first on are of one kind, are sent and have room in a request.
  size_t StretchOf(std::span<const AttachedSample> samples, const RequestLimits& limits) const;
  Added AddStretch(const Source& source, size_t series, std::span<const AttachedSample> stretch,
                   const RequestLimits& limits);
  void CountLeftOut(LeftOut reason, const AttachedSample& sample);
  WireCounts& CountOf(LeftOut reason) { return left_out_[static_cast<size_t>(reason)]; }
  // Whether a series that takes that much is to wait for the next request.
  bool NoRoom(size_t bytes, const RequestLimits& limits);
  // The fields of a 1.0 TimeSeries before its labels; there is room for all of it.
  char* BeginSeries(size_t bytes);

  WireMemory& memory_;
  WriteRelabel relabel_;
  Labels external_;
  OuterLabels outer_;
  WireProtocol next_protocol_ = WireProtocol::kV1;
  WireProtocol protocol_ = WireProtocol::kV1;  // of the request being built
  WireContents next_contents_;
  WireContents contents_;
  WireBuffer message_;  // 1.0
  MessageV2 message_v2_;
  std::string relabelled_;
  bool no_room_ = false;
  size_t values_looked_at_ = 0;
  WireSample samples_of_series_[ScrapeRun::kRowsMax];
  size_t too_old_of_series_ = 0;
  std::vector<AttachedSample> attached_of_series_;
  // How much of a series that did not fit into a whole request was written already.
  struct {
    uint64_t run = 0;
    size_t series = 0;
    size_t samples = 0;
  } split_;
  uint64_t series_ = 0;
  uint64_t samples_ = 0;
  uint64_t histograms_ = 0;
  uint64_t exemplars_ = 0;
  int64_t oldest_ms_ = 0;
  int64_t newest_ms_ = 0;
  WireCounts left_out_[kLeftOutReasons];
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_WIRE_REQUEST_H_
