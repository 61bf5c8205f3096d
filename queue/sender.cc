#include "queue/sender.h"

#include <algorithm>
#include <utility>

namespace limpet {
namespace {

constexpr size_t kValuesATurn = 20'000;  // about a millisecond

}  // namespace

Sender::Sender(EventLoop& loop, const Clock& clock, WireMemory& memory, RemoteWriteConfig config,
               const Labels& external_labels, std::unique_ptr<LogReader> reader,
               ReceiverStatus status)
    : clock_(clock),
      config_(std::move(config)),
      reader_(std::move(reader)),
      status_(std::move(status)),
      health_(clock, status_),
      builder_(clock, memory, config_.write_relabel_configs),
      turn_(loop),
      deadline_(loop) {
  status_.name = config_.name;
  status_.url = DisplayUrl(config_.url);
  builder_.SetExternalLabels(external_labels);
  lane_ = std::make_unique<SenderLane>(
      loop, clock, config_, status_, health_,
      SenderLane::Callbacks{[this] { OnSettled(); }, [this] { OnFailing(); }});
  reader_->SetWakeUp([this] { WakeUp(); });
  WakeUp();
}

Sender::~Sender() {
  if (reader_) reader_->SetWakeUp(nullptr);
}

std::unique_ptr<LogReader> Sender::TakeReader() {
  lane_.reset();
  turn_.Cancel();
  deadline_.Cancel();
  scrape_ = nullptr;
  reader_->SetWakeUp(nullptr);
  reader_->Rewind();
  return std::move(reader_);
}

ReceiverStatus Sender::status() const {
  ReceiverStatus status = status_;
  if (!reader_) return status;
  status.backlog_bytes = reader_->backlog_bytes();
  if (reader_->samples_dropped() > 0) {
    status.samples_dropped_total["log_full"] = reader_->samples_dropped();
  }
  return status;
}

ReceiverStatus Sender::counts() const {
  ReceiverStatus counts = status_;
  counts.healthy = true;
  counts.last_error.clear();
  return counts;
}

// The log may call from inside Append: nothing is read before that is over.
void Sender::WakeUp() {
  if (std::exchange(turn_set_, true)) return;
  turn_.After(Millis(0), [this] {
    turn_set_ = false;
    Pump();
  });
}

void Sender::Pump() {
  // While a batch is held, the log keeps the rest.
  const bool holding = lane_->busy() && lane_->failing();
  if (!holding && !waiting_ && Fill()) WakeUp();
  SendWhatIsDue();
}

RequestLimits Sender::Limits() const {
  const int64_t age_limit_ms = config_.queue.sample_age_limit.count();
  return {lane_->samples_max(), kBatchBytesMax,
          age_limit_ms == 0 ? INT64_MIN : clock_.WallMs() - age_limit_ms};
}

bool Sender::Fill() {
  RequestLimits limits = Limits();
  full_ = builder_.samples() >= limits.samples_max;
  size_t looked_at = 0;
  while (!full_ && looked_at < kValuesATurn) {
    if (scrape_ == nullptr) {
      scrape_ = reader_->Next();
      next_value_ = 0;
    }
    if (scrape_ == nullptr) break;
    limits.values_max = kValuesATurn - looked_at;
    const size_t from = std::exchange(next_value_, builder_.Add(*scrape_, next_value_, limits));
    looked_at += next_value_ - from + 1;
    if (next_value_ == scrape_->values.size()) {
      end_ = reader_->position();
      scrape_ = nullptr;
      full_ = builder_.samples() >= limits.samples_max;
    } else {
      full_ = builder_.no_room();
    }
  }
  CountLeftOut();
  return looked_at >= kValuesATurn && !full_;
}

void Sender::CountLeftOut() {
  const uint64_t too_old = builder_.samples_too_old() - too_old_seen_;
  if (too_old > 0) health_.Dropped("too_old", too_old, "");
  too_old_seen_ += too_old;
  const uint64_t relabelled = builder_.samples_relabelled_away() - relabelled_away_seen_;
  if (relabelled > 0) status_.samples_dropped_total["write_relabel"] += relabelled;
  relabelled_away_seen_ += relabelled;
}

void Sender::SendWhatIsDue() {
  if (builder_.samples() > 0 && !due_ && !deadline_set_) {
    deadline_set_ = true;
    deadline_.After(config_.queue.batch_send_deadline, [this] {
      due_ = true;
      SendWhatIsDue();
    });
  }
  if (lane_->busy()) return;
  if (waiting_) return Carry(*std::exchange(waiting_, std::nullopt));
  if (builder_.samples() > 0) {
    if (full_ || due_) Carry(Seal());
    return;
  }
  if (end_) reader_->Acknowledge(*std::exchange(end_, std::nullopt));
}

Sender::Sealed Sender::Seal() {
  deadline_.Cancel();
  deadline_set_ = false;
  due_ = false;
  full_ = false;
  return {builder_.Seal(), std::exchange(end_, std::nullopt)};
}

void Sender::Carry(Sealed sealed) {
  carried_end_ = sealed.end;
  lane_->Send(std::move(sealed.batch));
  // There is room for the next batch.
  WakeUp();
}

void Sender::OnSettled() {
  if (carried_end_) reader_->Acknowledge(*std::exchange(carried_end_, std::nullopt));
  Pump();
}

void Sender::OnFailing() {
  if (builder_.samples() > 0 && !waiting_) waiting_ = Seal();
  if (builder_.samples() == 0) builder_.Release();
}

}  // namespace limpet
