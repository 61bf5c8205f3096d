#include "queue/sender_lane.h"

#include <algorithm>
#include <utility>

#include "queue/sender_counts.h"

namespace limpet {

SenderLane::SenderLane(SenderLink& link, SenderCheckpoints& checkpoints, WireMemory& memory,
                       const Labels& external_labels, Callbacks callbacks)
    : link_(link),
      checkpoints_(checkpoints),
      callbacks_(std::move(callbacks)),
      builder_(link.clock, memory, link.config.write_relabel_configs),
      deadline_(link.loop),
      carrier_(link, {[this] { OnSettled(); }, [this] { callbacks_.failing(); }}) {
  builder_.SetExternalLabels(external_labels);
}

bool SenderLane::HasRoom() const {
  if (waiting_ || link_.gate.closed()) return false;
  return !full_ || !carrier_.busy();
}

size_t SenderLane::Add(const ScrapeRun& run, size_t from, size_t values_max) {
  if (full_) SendWhatIsDue(false);
  const int64_t age_limit_ms = link_.config.queue.sample_age_limit.count();
  const RequestLimits limits{link_.batch_size.samples_max(), link_.config.queue.max_bytes_per_send,
                             age_limit_ms == 0 ? INT64_MIN : link_.clock.WallMs() - age_limit_ms,
                             values_max};
  const bool first = builder_.samples() == 0;
  if (first) {
    const WireProtocol protocol = link_.protocol.ForNextBatch(link_.clock.Now());
    builder_.SetProtocol(protocol, ContentsFor(link_.config, protocol));
  }
  const size_t next = builder_.Add(run, from, limits);
  full_ = builder_.no_room() || builder_.samples() >= limits.samples_max;
  if (first && builder_.samples() > 0) number_ = checkpoints_.Begin();
  may_be_resent_ = may_be_resent_ || run.may_be_resent();
  CountWhatWasLeftOut();
  return next;
}

void SenderLane::CountWhatWasLeftOut() {
  for (size_t i = 0; i < kLeftOutReasons; ++i) {
    const auto reason = static_cast<LeftOut>(i);
    const WireCounts& left_out = builder_.left_out(reason);
    CountLeftOut(reason, left_out - left_out_seen_[i], link_.health, link_.status);
    left_out_seen_[i] = left_out;
  }
}

void SenderLane::SendWhatIsDue(bool all) {
  if (builder_.samples() > 0 && !due_ && !deadline_set_) {
    deadline_set_ = true;
    deadline_.After(link_.config.queue.batch_send_deadline, [this] {
      due_ = true;
      SendWhatIsDue(false);
    });
  }
  if (carrier_.busy()) return;
  if (waiting_) return Carry(*std::exchange(waiting_, std::nullopt));
  if (builder_.samples() > 0 && (full_ || due_ || all)) Carry(Seal());
}

SenderLane::Sealed SenderLane::Seal() {
  deadline_.Cancel();
  deadline_set_ = false;
  due_ = false;
  full_ = false;
  Sealed sealed{builder_.Seal(), number_};
  sealed.batch.may_be_resent = std::exchange(may_be_resent_, false);
  return sealed;
}

void SenderLane::Carry(Sealed sealed) {
  carried_ = sealed.number;
  carrier_.Send(std::move(sealed.batch));
}

void SenderLane::OnSettled() {
  checkpoints_.Settle(carried_);
  SendWhatIsDue(false);
  callbacks_.room();
}

void SenderLane::SealAway() {
  if (builder_.samples() > 0 && !waiting_) waiting_ = Seal();
  if (builder_.samples() == 0) builder_.Release();
}

}  // namespace limpet
