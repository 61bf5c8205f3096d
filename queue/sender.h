// Delivers the log to one receiver.
//
// Who calls it: RemoteWrite, on the loop's thread.
// Operation: scrapes are read in runs of one target, encoded as they come and given to a lane; all
// scrapes of a target (LogTarget::key) go through the same one, so that each series arrives in
// order. How many lanes there are follows from how the receiver does (queue/sender_pace.h); they
// run empty before their number changes. The cursor moves over what all lanes have settled. While
// the receiver fails, nothing more is read: an outage costs two compressed batches of memory a
// lane, and there is one lane unless it began while a backlog was sent.
// Limits: a batch has at most max_samples_per_send samples and max_bytes_per_send bytes before
// compression; min_shards to max_shards lanes.
#ifndef LIMPET_QUEUE_SENDER_H_
#define LIMPET_QUEUE_SENDER_H_

#include <memory>
#include <vector>

#include "queue/log.h"
#include "queue/remote_write.h"
#include "queue/sender_checkpoints.h"
#include "queue/sender_lane.h"
#include "queue/sender_link.h"

namespace limpet {

class Sender {
 public:
  // Counts on from `status` where it goes on for a sender of the same receiver.
  Sender(EventLoop& loop, const Clock& clock, WireMemory& memory, RemoteWriteConfig config,
         const Labels& external_labels, std::unique_ptr<LogReader> reader, ReceiverStatus status);
  ~Sender();
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  const RemoteWriteConfig& config() const { return config_; }
  // For batches that are yet to be made.
  void SetExternalLabels(const Labels& labels);
  ReceiverStatus status() const;
  // What the next sender of this receiver counts on from.
  ReceiverStatus counts() const;
  // Ends it; what was not acknowledged is read again by who gets the reader.
  std::unique_ptr<LogReader> TakeReader();
  void ExpireCaches();

 private:
  void WakeUp();
  void Pump();
  // Reads and encodes; true where it stopped only to let others have their turn. With
  // `to_run_end`, what is behind the present run is left for later.
  bool Fill(bool to_run_end);
  // Reads the next run; false where there is none for now.
  bool ReadRun();
  SenderLane& LaneOf(const LogTarget& target);
  void ChangeLanes();
  void OnFailing();

  const Clock& clock_;
  WireMemory& memory_;
  const RemoteWriteConfig config_;
  Labels external_labels_;
  std::unique_ptr<LogReader> reader_;
  ReceiverStatus status_;
  Timer turn_;  // the next call of Pump
  bool turn_set_ = false;
  SenderLink link_;
  SenderCheckpoints checkpoints_;
  ScrapeRun run_;                            // being encoded
  size_t next_series_ = 0;                   // of it
  LogPosition run_end_;                      // behind its last scrape
  const ScrapeView* next_scrape_ = nullptr;  // read, and not part of the run
  std::vector<std::unique_ptr<SenderLane>> lanes_;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_SENDER_H_
