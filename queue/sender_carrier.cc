#include "queue/sender_carrier.h"

#include <algorithm>
#include <utility>

#include "queue/retry_policy.h"
#include "queue/sender_counts.h"

namespace limpet {

BatchCarrier::BatchCarrier(SenderLink& link, Callbacks callbacks)
    : link_(link), callbacks_(std::move(callbacks)) {}

BatchCarrier::~BatchCarrier() { link_.gate.Forget(*this); }

void BatchCarrier::CheckSettings() {
  if (link_.config.url.scheme == "https") Connect();
}

void BatchCarrier::Send(Batch batch) {
  sift_ = SenderSift(batch);
  parts_.push_back({std::move(batch)});
  Attempt();
}

void BatchCarrier::Attempt() {
  if (!parts_.empty()) {
    DropTooOld();
    while (!parts_.empty() && !ToPresentProtocol()) {
      changed_protocol_ = false;
      parts_.pop_front();
    }
    if (parts_.empty()) {
      link_.gate.Leave(*this);
      return callbacks_.settled();
    }
    const bool offer =
        parts_.front().batch.protocol == WireProtocol::kV2 && !link_.protocol.settled();
    if (!link_.gate.Enter(*this, offer)) return;
  }
  if (!Connect()) return;
  if (parts_.empty()) {
    link_.health.Up();
    return link_.gate.Answered(*this);
  }
  Part& part = parts_.front();
  answer_status_ = 0;
  retry_after_.reset();
  written_ = {};
  answer_.Clear();
  started_ = link_.clock.Now();
  if (part.sent_before) CountRetried(part.batch, link_.status);
  part.sent_before = true;
  connection_->Start(link_.requests.Make(part.batch), started_ + link_.config.remote_timeout,
                     *this);
}

bool BatchCarrier::Connect() {
  const Millis timeout = ConnectTimeout(link_.gate.failures());
  // Certificates may have been rotated since the connection was made.
  const bool may_be_tls =
      link_.gate.failing() && link_.config.url.scheme == "https" &&
      (answer_status_ == 0 || IsAboutTls() || Decide(answer_status_) == Decision::kHold);
  if (may_be_tls || timeout != connect_timeout_) connection_.reset();
  if (connection_) return true;
  connect_timeout_ = timeout;
  auto connection = link_.requests.Connect(timeout);
  if (!connection) {
    started_ = link_.clock.Now();
    took_ = {};
    answer_status_ = 0;
    retry_after_.reset();
    Retry(connection.error().message);
    return false;
  }
  connection_ = std::move(*connection);
  return true;
}

void BatchCarrier::DropTooOld() {
  if (link_.config.queue.sample_age_limit.count() == 0) return;
  const int64_t oldest_ms = link_.clock.WallMs() - link_.config.queue.sample_age_limit.count();
  for (auto part = parts_.begin(); part != parts_.end();) {
    if (part->batch.oldest_ms >= oldest_ms) {
      ++part;
      continue;
    }
    Batch young = WithoutOlderThan(part->batch, oldest_ms);
    CountLeftOut(LeftOut::kTooOld, part->batch.counts() - young.counts(), link_.health,
                 link_.status);
    part->batch = std::move(young);
    part = part->batch.samples == 0 ? parts_.erase(part) : part + 1;
  }
}

bool BatchCarrier::ToPresentProtocol() {
  Batch& batch = parts_.front().batch;
  const WireProtocol protocol = link_.protocol.present();
  // What is still in 1.0 is taken by whoever takes 2.0 too, and need not be an offer.
  if (batch.protocol == protocol) return true;
  if (batch.protocol == WireProtocol::kV1 && !changed_protocol_) return true;
  const WireContents contents = ContentsFor(link_.config, protocol);
  std::optional<Batch> other = ToProtocol(batch, protocol, contents);
  if (!other) return true;
  CountLeftOut(contents.histograms ? LeftOut::kCustomBuckets : LeftOut::kHistogramsNotEnabled,
               batch.counts() - other->counts(), link_.health, link_.status);
  batch = std::move(*other);
  return batch.samples > 0;
}

bool BatchCarrier::OnHead(const HttpResponseHead& head) {
  answer_status_ = head.status();
  retry_after_ = ParseRetryAfter(head.Field("Retry-After"), link_.clock.WallMs());
  written_ = {ParseWrittenCount(head.Field("X-Prometheus-Remote-Write-Samples-Written")),
              ParseWrittenCount(head.Field("X-Prometheus-Remote-Write-Histograms-Written")),
              ParseWrittenCount(head.Field("X-Prometheus-Remote-Write-Exemplars-Written"))};
  return true;
}

bool BatchCarrier::OnBody(std::string_view bytes) { return answer_.Add(bytes); }

std::string BatchCarrier::Explain(const Result<void>& result) const {
  if (answer_status_ == 0) {
    AnswerStart error;
    error.Add(result ? "no answer" : result.error().message);
    return link_.requests.Show(error);
  }
  const std::string text = link_.requests.Show(answer_);
  return "HTTP status " + std::to_string(answer_status_) + (text.empty() ? "" : ": " + text);
}

void BatchCarrier::CountAnswer() {
  took_ = link_.clock.Now() - started_;
  const auto took_us = std::chrono::duration_cast<std::chrono::microseconds>(took_).count();
  ReceiverStatus& status = link_.status;
  ++status.requests_total[answer_status_];
  status.request_seconds.Observe(static_cast<double>(took_us) / 1e6);
  status.last_request_latency_ms = took_us / 1000;
  if (answer_status_ == 0) {
    link_.protocol.OnNoAnswer();
  } else {
    status.bytes_sent_total += parts_.front().batch.body.size();
  }
}

void BatchCarrier::OnDone(const Result<void>& result) {
  CountAnswer();
  if (IsAboutTls()) return Hold(Explain(result));
  const Batch& batch = parts_.front().batch;
  const auto verdict = link_.protocol.OnAnswer(batch.protocol, answer_status_, written_,
                                               batch.samples, link_.clock.Now());
  switch (verdict) {
    case ProtocolVerdict::kByStatus:
      return ByStatus(result);
    case ProtocolVerdict::kOtherProtocol:
      return OtherProtocol(Explain(result));
    case ProtocolVerdict::kNotSpoken:
      return Hold("the receiver does not take protobuf_message " +
                  std::string(MessageName(batch.protocol)) + ": " + Explain(result));
    case ProtocolVerdict::kWritten:
      link_.status.written_samples_total += written_.samples.value_or(0);
      link_.status.written_histograms_total += written_.histograms.value_or(0);
      link_.status.written_exemplars_total += written_.exemplars.value_or(0);
      return Delivered(CountsWritten(written_, batch),
                       "the receiver wrote " + std::to_string(written_.Samples()) + " of " +
                           std::to_string(batch.samples) + " samples: " + Explain(result));
  }
}

void BatchCarrier::ByStatus(const Result<void>& result) {
  switch (Decide(answer_status_)) {
    case Decision::kDelivered:
      return Delivered(parts_.front().batch.counts(), "");
    case Decision::kRetry:
      return Retry(Explain(result));
    case Decision::kSplit:
      return Split(/*shrink=*/true);
    case Decision::kSift:
      return Sift(Explain(result));
    case Decision::kHold:
      return Hold(Explain(result));
    case Decision::kDrop:
      return Give("http_" + std::to_string(answer_status_), Explain(result));
  }
}

void BatchCarrier::OtherProtocol(const std::string& error) {
  // It takes neither.
  if (std::exchange(changed_protocol_, true)) return Hold(error);
  link_.gate.Answered(*this);
  Attempt();
}

void BatchCarrier::Delivered(const WireCounts& taken, const std::string& rejection) {
  const Part& part = parts_.front();
  ReceiverStatus& status = link_.status;
  status.last_success_ms = link_.clock.WallMs();
  CountTaken(part.batch, taken, status);
  status.highest_sent_timestamp_ms =
      std::max(status.highest_sent_timestamp_ms, part.batch.newest_ms);
  link_.health.Up();
  if (taken.samples < part.batch.samples) {
    const std::string reason =
        answer_status_ < 300 ? "not_written" : "http_" + std::to_string(answer_status_);
    link_.health.Dropped(reason, part.batch.samples - taken.samples, rejection);
  }
  sift_.OnTaken(part.batch);
  const uint64_t size = link_.batch_size.samples_max();
  const bool full = part.batch.samples * 2 > size;
  if (!part.is_half) link_.batch_size.Delivered();
  link_.pace.OnAnswer({took_, part.batch.samples, full, link_.has_backlog()}, link_.clock.Now());
  FinishPart();
}

void BatchCarrier::Split(bool shrink) {
  Part part = std::move(parts_.front());
  parts_.pop_front();
  std::vector<Batch> halves = HalvesOf(part.batch, !shrink && sift_.at_scrapes());
  if (halves.size() != 2) {
    parts_.push_front(std::move(part));
    return Give("http_" + std::to_string(answer_status_), Explain({}));
  }
  if (shrink && !part.is_half) link_.batch_size.Shrink(halves.back().samples);
  parts_.push_front({std::move(halves[1]), true});
  parts_.push_front({std::move(halves[0]), true});
  link_.gate.Answered(*this);
  Attempt();
}

void BatchCarrier::Sift(const std::string& error) {
  Batch& batch = parts_.front().batch;
  if (batch.exemplars > 0 && LetExemplarsGo(batch)) {
    link_.gate.Answered(*this);
    return Attempt();
  }
  if (sift_.MayGiveUp(batch)) {
    Give("http_" + std::to_string(answer_status_), error);
  } else {
    Split(/*shrink=*/false);
  }
}

bool BatchCarrier::LetExemplarsGo(Batch& batch) {
  Batch rest = WithoutExemplars(batch);
  if (rest.samples != batch.samples) return false;
  CountFailed(batch.counts() - rest.counts(), link_.status);
  batch = std::move(rest);
  return true;
}

void BatchCarrier::Give(const std::string& reason, const std::string& error) {
  link_.health.Dropped(reason, parts_.front().batch.samples, error);
  CountFailed(parts_.front().batch.counts(), link_.status);
  FinishPart();
}

void BatchCarrier::FinishPart() {
  changed_protocol_ = false;
  parts_.pop_front();
  link_.gate.Answered(*this);
  parts_.empty() ? callbacks_.settled() : Attempt();
}

bool BatchCarrier::ReceiverIsSlow() const {
  return answer_status_ != 0 || took_ > connect_timeout_ + Millis(1000);
}

void BatchCarrier::Retry(const std::string& error) {
  link_.pace.OnRefused(link_.clock.Now());
  // The time that connecting took is part of the wait, so that a receiver that is back is found
  // soon.
  std::optional<SteadyTime> started;
  if (!ReceiverIsSlow()) started = started_;
  link_.gate.Retry(*this, retry_after_, started);
  Failing(error);
}

void BatchCarrier::Hold(const std::string& error) {
  changed_protocol_ = false;
  link_.pace.OnRefused(link_.clock.Now());
  link_.gate.Hold(*this);
  Failing(error);
}

void BatchCarrier::Failing(const std::string& error) {
  link_.health.Down(error);
  callbacks_.failing();
}

}  // namespace limpet
