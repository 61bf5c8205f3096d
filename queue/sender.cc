#include "queue/sender.h"

#include <algorithm>
#include <utility>

namespace limpet {
namespace {

constexpr size_t kValuesATurn = 20'000;  // about a millisecond
// What the log holds beyond it is more than the batches under way: a backlog.
constexpr uint64_t kBacklogBytes = 128u << 10;

}  // namespace

Sender::Sender(EventLoop& loop, const Clock& clock, WireMemory& memory, RemoteWriteConfig config,
               const Labels& external_labels, std::unique_ptr<LogReader> reader,
               ReceiverStatus status)
    : clock_(clock),
      memory_(memory),
      config_(std::move(config)),
      external_labels_(external_labels),
      reader_(std::move(reader)),
      status_(std::move(status)),
      turn_(loop),
      link_{loop,
            clock_,
            config_,
            status_,
            SenderHealth(clock_, status_),
            SenderRequests(loop, config_),
            SenderGate(
                loop, clock_, config_.queue,
                {[this] { return link_.requests.CredentialsChanged(); }, [this] { WakeUp(); }}),
            SenderProtocol(config_.protobuf_message),
            LanePace(config_.queue.min_shards, config_.queue.max_shards),
            BatchSize(config_.queue.max_samples_per_send),
            [this] { return reader_->backlog_bytes() >= kBacklogBytes; }} {
  status_.name = config_.name;
  status_.url = DisplayUrl(config_.url);
  ChangeLanes();
  lanes_.front()->CheckSettings();
  reader_->SetWakeUp([this] { WakeUp(); });
  WakeUp();
}

Sender::~Sender() {
  if (reader_) reader_->SetWakeUp(nullptr);
}

std::unique_ptr<LogReader> Sender::TakeReader() {
  lanes_.clear();
  turn_.Cancel();
  run_.Clear();
  next_scrape_ = nullptr;
  reader_->SetWakeUp(nullptr);
  reader_->Rewind();
  return std::move(reader_);
}

void Sender::SetExternalLabels(const Labels& labels) {
  external_labels_ = labels;
  for (const auto& lane : lanes_) lane->SetExternalLabels(labels);
}

void Sender::ExpireCaches() {
  for (const auto& lane : lanes_) lane->ExpireCaches();
}

ReceiverStatus Sender::status() const {
  ReceiverStatus status = status_;
  status.lanes = lanes_.size();
  status.lanes_max = link_.pace.lanes_max();
  status.protocol = MessageName(link_.protocol.present());
  status.protocol_settled = link_.protocol.settled();
  if (!reader_) return status;
  status.oldest_unsent_timestamp_ms = reader_->oldest_unsent_ms();
  if (status.oldest_unsent_timestamp_ms != 0) {
    status.lag_ms = std::max<int64_t>(clock_.WallMs() - status.oldest_unsent_timestamp_ms, 0);
  }
  status.backlog_bytes = reader_->backlog_bytes();
  const LostSamples& lost = reader_->samples_lost();
  const std::pair<const char*, uint64_t> reasons[] = {{"log_full", lost.max_bytes},
                                                      {"log_max_age", lost.max_age},
                                                      {"log_damaged", lost.damage},
                                                      {"log_disk_failing", lost.memory}};
  for (const auto& [reason, samples] : reasons) {
    if (samples > 0) status.samples_dropped_total[reason] = samples;
  }
  return status;
}

ReceiverStatus Sender::counts() const {
  ReceiverStatus counts = status_;
  counts.healthy = true;
  counts.last_error.clear();
  return counts;
}

// The log may call from inside Append, a lane from inside its own work: nothing is read, and no
// lane goes, before that is over.
void Sender::WakeUp() {
  if (std::exchange(turn_set_, true)) return;
  turn_.After(Millis(0), [this] {
    turn_set_ = false;
    Pump();
  });
}

void Sender::Pump() {
  const bool changing = link_.pace.wanted() != lanes_.size();
  const bool more = Fill(changing);
  for (const auto& lane : lanes_) lane->SendWhatIsDue(changing);
  if (const auto safe = checkpoints_.TakeSafe()) reader_->Acknowledge(*safe);
  if (changing) ChangeLanes();
  if (more) WakeUp();
}

void Sender::ChangeLanes() {
  const bool empty =
      std::all_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane->empty(); });
  if (!empty || !run_.empty()) return;
  const size_t wanted = link_.pace.wanted();
  if (lanes_.size() > wanted) lanes_.resize(wanted);
  while (lanes_.size() < wanted) {
    lanes_.push_back(std::make_unique<SenderLane>(
        link_, checkpoints_, memory_, external_labels_,
        SenderLane::Callbacks{[this] { WakeUp(); }, [this] { OnFailing(); }}));
  }
  link_.pace.OnLanes(wanted, clock_.Now());
  WakeUp();
}

SenderLane& Sender::LaneOf(const LogTarget& target) { return *lanes_[target.key % lanes_.size()]; }

bool Sender::ReadRun() {
  run_.Clear();
  next_series_ = 0;
  if (next_scrape_ == nullptr) next_scrape_ = reader_->Next();
  while (next_scrape_ != nullptr && run_.Append(*next_scrape_)) {
    run_end_ = reader_->position();
    const bool alone = next_scrape_->may_be_resent;
    next_scrape_ = reader_->Next();
    if (alone) break;
  }
  return !run_.empty();
}

bool Sender::Fill(bool to_run_end) {
  for (size_t looked_at = 0; looked_at < kValuesATurn;) {
    // In an outage the log keeps what comes.
    if (link_.gate.closed()) return false;
    if (run_.empty() && (to_run_end || !ReadRun())) return false;
    SenderLane& lane = LaneOf(*run_.target());
    if (!lane.HasRoom()) return false;
    next_series_ = lane.Add(run_, next_series_, kValuesATurn - looked_at);
    looked_at += lane.values_looked_at() + 1;
    if (next_series_ == run_.series_end()) {
      checkpoints_.Reached(run_end_);
      run_.Clear();
    }
    lane.SendWhatIsDue(false);
  }
  return true;
}

void Sender::OnFailing() {
  for (const auto& lane : lanes_) lane->SealAway();
}

}  // namespace limpet
