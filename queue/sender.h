// Delivers the log to one receiver.
//
// Who calls it: RemoteWrite, on the loop's thread.
// Operation: scrapes are encoded as they come, until a batch is full or its first sample has waited
// for batch_send_deadline; then the lane carries it. The next batch is made meanwhile. While the
// receiver fails, nothing more is read than the batch that was being made, which is compressed: an
// outage costs two compressed batches of memory. A scrape may be split over batches; the cursor
// moves at its end. Limits: a batch has at most max_samples_per_send samples and kBatchBytesMax
// before compression.
#ifndef LIMPET_QUEUE_SENDER_H_
#define LIMPET_QUEUE_SENDER_H_

#include <memory>
#include <optional>
#include <string>

#include "agent/config/config.h"
#include "agent/platform/event_loop.h"
#include "queue/log.h"
#include "queue/remote_write.h"
#include "queue/sender_health.h"
#include "queue/sender_lane.h"
#include "queue/wire_request.h"

namespace limpet {

class Sender {
 public:
  static constexpr size_t kBatchBytesMax = 4u << 20;

  // Counts on from `status` where it goes on for a sender of the same receiver.
  Sender(EventLoop& loop, const Clock& clock, WireMemory& memory, RemoteWriteConfig config,
         const Labels& external_labels, std::unique_ptr<LogReader> reader, ReceiverStatus status);
  ~Sender();
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  const RemoteWriteConfig& config() const { return config_; }
  // For batches that are yet to be made.
  void SetExternalLabels(const Labels& labels) { builder_.SetExternalLabels(labels); }
  ReceiverStatus status() const;
  // What the next sender of this receiver counts on from.
  ReceiverStatus counts() const;
  // Ends it; what was not acknowledged is read again by who gets the reader.
  std::unique_ptr<LogReader> TakeReader();
  void ExpireCaches() { builder_.ExpireCaches(); }

 private:
  struct Sealed {
    Batch batch;
    std::optional<LogPosition> end;  // of the last scrape that is complete with it
  };

  void WakeUp();
  void Pump();
  // Reads and encodes; true where it stopped only to let others have their turn.
  bool Fill();
  void SendWhatIsDue();
  void Carry(Sealed sealed);
  Sealed Seal();
  void OnSettled();
  void OnFailing();
  void CountLeftOut();
  RequestLimits Limits() const;

  const Clock& clock_;
  const RemoteWriteConfig config_;
  std::unique_ptr<LogReader> reader_;
  ReceiverStatus status_;
  SenderHealth health_;
  RequestBuilder builder_;
  Timer turn_;  // the next call of Pump
  bool turn_set_ = false;
  Timer deadline_;  // of the batch being made
  bool deadline_set_ = false;
  bool due_ = false;
  bool full_ = false;
  const ScrapeView* scrape_ = nullptr;  // being encoded
  size_t next_value_ = 0;               // of it
  std::optional<LogPosition>
      end_;  // of the last scrape that is wholly encoded, unless acknowledged
  std::optional<Sealed> waiting_;
  std::optional<LogPosition> carried_end_;
  uint64_t too_old_seen_ = 0;
  uint64_t relabelled_away_seen_ = 0;
  std::unique_ptr<SenderLane> lane_;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_SENDER_H_
