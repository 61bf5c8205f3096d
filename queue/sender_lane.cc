#include "queue/sender_lane.h"

#include <algorithm>
#include <cctype>

#include "queue/retry_policy.h"

namespace limpet {
namespace {

constexpr Millis kHoldMin{4000};  // Backoff leaves the upper half to chance: 2 s to 4 s at first
constexpr Millis kHoldMax{30'000};
constexpr Millis kHoldLook{1000};  // how often a held sender looks whether its credentials changed
constexpr int kRequestsBeforeGrowing = 16;
constexpr int kSplitsMax = 64;  // of a batch, for refused samples
// Half as many halvings do for a batch that is refused as a whole.
constexpr uint64_t kStepsABatch = 32;

bool SameName(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

std::vector<HttpHeader> FixedHeaders(const HttpClientConfig& http) {
  std::vector<HttpHeader> headers = {{"Content-Encoding", "snappy"},
                                     {"Content-Type", "application/x-protobuf"},
                                     {"User-Agent", "limpet/" LIMPET_VERSION},
                                     {"X-Prometheus-Remote-Write-Version", "0.1.0"}};
  // What the protocol or the connection sets is not for the configuration to change.
  static constexpr std::string_view kReserved[] = {"Content-Encoding",
                                                   "Content-Type",
                                                   "User-Agent",
                                                   "X-Prometheus-Remote-Write-Version",
                                                   "Host",
                                                   "Content-Length",
                                                   "Connection",
                                                   "Transfer-Encoding"};
  for (const HttpHeader& header : http.headers) {
    const bool reserved =
        std::any_of(std::begin(kReserved), std::end(kReserved),
                    [&](std::string_view name) { return SameName(name, header.name); });
    const bool own_credentials =
        SameName(header.name, "Authorization") && (http.authorization || http.basic_auth);
    if (!reserved && !own_credentials) headers.push_back(header);
  }
  return headers;
}

}  // namespace

SenderLane::SenderLane(EventLoop& loop, const Clock& clock, const RemoteWriteConfig& config,
                       ReceiverStatus& status, SenderHealth& health, Callbacks callbacks)
    : loop_(loop),
      clock_(clock),
      config_(config),
      status_(status),
      health_(health),
      callbacks_(std::move(callbacks)),
      credentials_(config.http),
      headers_(FixedHeaders(config.http)),
      random_(std::random_device{}()),
      timer_(loop),
      samples_max_(std::max<uint64_t>(config.queue.max_samples_per_send, 1)) {
  // A CA file that cannot be read is shown now, not when the first sample comes.
  Attempt();
}

SenderLane::~SenderLane() = default;

void SenderLane::Send(Batch batch) {
  batch_samples_ = batch.samples;
  splits_ = 0;
  refused_in_a_row_ = 0;
  parts_.push_back({std::move(batch)});
  if (!waiting_) Attempt();
}

void SenderLane::Attempt() {
  waiting_ = false;
  ForgetConnection();
  if (!Connect()) return;
  if (parts_.empty()) {
    failures_ = 0;
    health_.Up();
    return;
  }
  DropTooOld();
  if (parts_.empty()) return callbacks_.settled();
  auto authorization = credentials_.AuthorizationHeader();
  if (!authorization) return Retry(authorization.error().message, std::nullopt);
  authorization_ = std::move(*authorization);
  Part& part = parts_.front();
  if (part.sent_before) status_.samples_retried_total += part.batch.samples;
  part.sent_before = true;
  answer_status_ = 0;
  retry_after_.reset();
  answer_.Clear();
  started_ = clock_.Now();
  connection_->Start(MakeRequest(part.batch.body), started_ + config_.remote_timeout, *this);
}

// Certificates may have been rotated since they were read.
void SenderLane::ForgetConnection() {
  if (failures_ == 0 || config_.url.scheme != "https") return;
  if (answer_status_ == 0 || Decide(answer_status_) == Decision::kHold) connection_.reset();
}

bool SenderLane::Connect() {
  if (connection_) return true;
  std::shared_ptr<const TlsContext> tls;
  if (config_.url.scheme == "https") {
    auto created = TlsContext::Create(config_.http.tls);
    if (!created) {
      Retry(created.error().message, std::nullopt);
      return false;
    }
    tls = *created;
  }
  connection_ = std::make_unique<HttpConnection>(loop_, config_.url, std::move(tls));
  return true;
}

HttpRequest SenderLane::MakeRequest(const std::string& body) {
  HttpRequest request;
  request.method = "POST";
  request.target = config_.url.target;
  request.headers = headers_;
  if (authorization_) request.headers.push_back({"Authorization", *authorization_});
  request.body = body;
  return request;
}

void SenderLane::DropTooOld() {
  if (config_.queue.sample_age_limit.count() == 0) return;
  const int64_t oldest_ms = clock_.WallMs() - config_.queue.sample_age_limit.count();
  for (auto part = parts_.begin(); part != parts_.end();) {
    if (part->batch.oldest_ms >= oldest_ms) {
      ++part;
      continue;
    }
    Batch young = WithoutOlderThan(part->batch, oldest_ms);
    health_.Dropped("too_old", part->batch.samples - young.samples, "");
    part->batch = std::move(young);
    part = part->batch.samples == 0 ? parts_.erase(part) : part + 1;
  }
}

bool SenderLane::OnHead(const HttpResponseHead& head) {
  answer_status_ = head.status();
  retry_after_ = ParseRetryAfter(head.Field("Retry-After"), clock_.WallMs());
  return true;
}

bool SenderLane::OnBody(std::string_view bytes) { return answer_.Add(bytes); }

std::string SenderLane::Explain(const Result<void>& result) {
  const auto secrets = SecretsOf(config_.http, config_.url, authorization_);
  if (answer_status_ == 0) {
    AnswerStart error;
    error.Add(result ? "no answer" : result.error().message);
    return error.Show(secrets);
  }
  const std::string text = answer_.Show(secrets);
  return "HTTP status " + std::to_string(answer_status_) + (text.empty() ? "" : ": " + text);
}

void SenderLane::OnDone(const Result<void>& result) {
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(clock_.Now() - started_);
  ++status_.requests_total[answer_status_];
  status_.request_seconds.Observe(static_cast<double>(took.count()) / 1e6);
  status_.last_request_latency_ms = took.count() / 1000;
  if (answer_status_ != 0) status_.bytes_sent_total += parts_.front().batch.body.size();
  switch (Decide(answer_status_)) {
    case Decision::kDelivered:
      return Delivered();
    case Decision::kRetry:
      return Retry(Explain(result), retry_after_);
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

void SenderLane::Delivered() {
  const Part& part = parts_.front();
  status_.last_success_ms = clock_.WallMs();
  status_.samples_sent_total += part.batch.samples;
  status_.highest_sent_timestamp_ms =
      std::max(status_.highest_sent_timestamp_ms, part.batch.newest_ms);
  health_.Up();
  refused_in_a_row_ = 0;
  if (!part.is_half && ++requests_at_max_ >= kRequestsBeforeGrowing) {
    requests_at_max_ = 0;
    samples_max_ =
        std::min(samples_max_ * 2, std::max<uint64_t>(config_.queue.max_samples_per_send, 1));
  }
  FinishPart();
}

void SenderLane::Split(bool shrink) {
  Part part = std::move(parts_.front());
  parts_.pop_front();
  std::vector<Batch> halves = HalvesOf(part.batch);
  if (halves.size() != 2) {
    parts_.push_front(std::move(part));
    return Give("http_" + std::to_string(answer_status_), Explain({}));
  }
  if (shrink && !part.is_half) {
    samples_max_ = halves.back().samples;
    requests_at_max_ = 0;
  }
  parts_.push_front({std::move(halves[1]), true});
  parts_.push_front({std::move(halves[0]), true});
  failures_ = 0;
  Attempt();
}

void SenderLane::Sift(const std::string& error) {
  const uint64_t samples = parts_.front().batch.samples;
  // Behind a run of refused samples the next ones are not looked at one by one.
  const uint64_t step_max = (batch_samples_ + kStepsABatch - 1) / kStepsABatch;
  const uint64_t step = std::max<uint64_t>(std::min(refused_in_a_row_ / 2, step_max), 1);
  if (samples > step && splits_ < kSplitsMax) {
    ++splits_;
    return Split(/*shrink=*/false);
  }
  refused_in_a_row_ += samples;
  Give("http_" + std::to_string(answer_status_), error);
}

void SenderLane::Give(const std::string& reason, const std::string& error) {
  health_.Dropped(reason, parts_.front().batch.samples, error);
  FinishPart();
}

void SenderLane::FinishPart() {
  failures_ = 0;
  parts_.pop_front();
  parts_.empty() ? callbacks_.settled() : Attempt();
}

void SenderLane::Retry(const std::string& error, std::optional<Millis> wait) {
  const double random = std::uniform_real_distribution<double>(0, 1)(random_);
  const QueueConfig& queue = config_.queue;
  const Millis backoff = Backoff(failures_ + 1, queue.min_backoff, queue.max_backoff, random);
  waiting_ = true;
  timer_.After(wait ? std::max(*wait, queue.min_backoff) : backoff, [this] { Attempt(); });
  Failing(error);
}

void SenderLane::Hold(const std::string& error) {
  const double random = std::uniform_real_distribution<double>(0, 1)(random_);
  hold_until_ = clock_.Now() + Backoff(failures_ + 1, kHoldMin, kHoldMax, random);
  waiting_ = true;
  timer_.After(kHoldLook, [this] { HoldOn(); });
  Failing(error);
}

void SenderLane::HoldOn() {
  const auto authorization = credentials_.AuthorizationHeader();
  const bool changed = authorization && *authorization != authorization_;
  if (changed || clock_.Now() >= hold_until_) return Attempt();
  timer_.After(kHoldLook, [this] { HoldOn(); });
}

void SenderLane::Failing(const std::string& error) {
  if (failures_ < INT32_MAX) ++failures_;
  health_.Down(error);
  callbacks_.failing();
}

}  // namespace limpet
