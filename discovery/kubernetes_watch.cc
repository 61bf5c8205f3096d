#include "discovery/kubernetes_watch.h"

#include <algorithm>
#include <utility>

#include "agent/platform/logging.h"
#include "discovery/retry_after.h"

namespace limpet {
namespace {

// A watch that has lasted this long, or has brought something, was a good one: the next follows at
// once.
constexpr Millis kGoodWatch(1000);
constexpr size_t kErrorBodyBytesMax = 4096;
// Of a WATCH; then the version it resumes at is given up.
constexpr uint32_t kRefusalsMax = 3;

Millis Between(SteadyTime from, SteadyTime to) {
  return std::chrono::duration_cast<Millis>(to - from);
}

// Who we are, how often we ask, and that a gateway finds nobody, is not what we ask for.
bool IsAboutRequest(int status) {
  return status != 401 && status != 403 && status != 429 && status != 502 && status != 503;
}

}  // namespace

KubernetesWatch::KubernetesWatch(EventLoop& loop, const Clock& clock,
                                 std::shared_ptr<KubernetesApi> api, const KubernetesKind& kind,
                                 KubernetesScope scope, const KubernetesWatchOptions& options,
                                 KubernetesWatchSink& sink)
    : loop_(loop),
      clock_(clock),
      api_(std::move(api)),
      kind_(kind),
      scope_(std::move(scope)),
      options_(options),
      sink_(sink),
      backoff_(options.backoff_min, options.backoff_max),
      timer_(loop),
      turn_(loop) {
  status_.role = kind.name;
  status_.name_space = scope_.name_space;
}

KubernetesWatch::~KubernetesWatch() = default;

void KubernetesWatch::Start() { Retry(Millis(0)); }

void KubernetesWatch::Begin() {
  phase_ = Phase::kWaiting;
  http_status_ = 0;
  if (auto prepared = api_->Prepare(); !prepared) return Fail(prepared.error(), Remedy::kResume);
  const std::string& name_space =
      scope_.own_namespace ? api_->identity().own_namespace : scope_.name_space;
  if (scope_.own_namespace && name_space.empty()) {
    return Fail(Error{"own_namespace: no namespace known for this API server"}, Remedy::kResume);
  }
  if (api_->Origin() != status_.api_server || name_space != status_.name_space) {
    // Versions of elsewhere mean nothing here (a kubeconfig that was edited).
    resource_version_.clear();
    continue_.clear();
    status_.api_server = api_->Origin();
    status_.name_space = name_space;
  }
  if (!connection_ || connection_version_ != api_->version()) {
    connection_ = api_->Connect(loop_);
    connection_version_ = api_->version();
  }
  if (!resource_version_.empty()) return SendWatch();
  const bool streams = options_.streaming_lists && !plain_list_ && continue_.empty();
  streams && api_->Streams(clock_.Now()) ? SendStreamingList() : SendList();
}

bool KubernetesWatch::OnHead(const HttpResponseHead& head) {
  http_status_ = head.status();
  if (http_status_ != 200) {
    retry_after_ =
        ParseRetryAfter(head.Field("Retry-After"), clock_.WallMs(), options_.retry_after_max);
  } else if (phase_ == Phase::kStreaming) {
    connection_->ExtendDeadline(std::min(deadline_, clock_.Now() + options_.streaming_silence_max));
    ++status_.watches_total;
  } else if (phase_ == Phase::kWatching) {
    connection_->ExtendDeadline(deadline_);
    ++status_.watches_total;
    Connected();
  }
  return true;
}

bool KubernetesWatch::OnBody(std::string_view bytes) {
  body_bytes_ += bytes.size();
  if (http_status_ != 200) {
    error_body_.append(bytes.substr(0, kErrorBodyBytesMax - error_body_.size()));
    return body_bytes_ <= options_.page_bytes_max;
  }
  if (phase_ == Phase::kListing && body_bytes_ > options_.page_bytes_max) {
    stop_ = Stop{
        Error{"LIST answer of more than " + std::to_string(options_.page_bytes_max) + " bytes"}};
    return false;
  }
  const bool listing = phase_ == Phase::kListing;
  auto fed = splitter_->Feed(bytes, [this, listing](std::string& text) {
    return listing ? OnListObject(text) : OnWatchEvent(text);
  });
  // Each event is a piece of its own, and in a storm one read brings hundreds: the turn ends when
  // all of them have been seen.
  if (listing) {
    sink_.OnTurnEnd();
  } else if (!std::exchange(turn_open_, true)) {
    turn_.After(Millis(0), [this] { EndTurn(); });
  }
  if (!fed) {
    if (!stop_) stop_ = Stop{fed.error(), listing ? Remedy::kResume : Remedy::kRelist};
    return false;
  }
  if (!listing) Heard();
  return true;
}

void KubernetesWatch::EndTurn() {
  if (std::exchange(turn_open_, false)) sink_.OnTurnEnd();
}

void KubernetesWatch::Heard() {
  const SteadyTime now = clock_.Now();
  longest_silence_ = std::max(longest_silence_, Between(heard_, now));
  heard_ = now;
  if (phase_ == Phase::kStreaming) {
    connection_->ExtendDeadline(std::min(deadline_, now + options_.streaming_silence_max));
  } else if (bookmarks_) {
    const Millis patience = std::max(options_.watch_silence_max, 3 * longest_silence_);
    connection_->ExtendDeadline(std::min(deadline_, now + patience));
  }
}

void KubernetesWatch::OnDone(const Result<void>& result) {
  NoteOversized();
  EndTurn();
  if (phase_ == Phase::kListing) {
    OnListPage(result);
  } else if (phase_ == Phase::kStreaming) {
    OnStreamingListEnd(result);
  } else {
    OnWatchEnd(result);
  }
}

void KubernetesWatch::OnWatchEnd(const Result<void>& result) {
  if (stop_) {
    if (stop_->gone) return Gone();
    return Fail(stop_->error, stop_->remedy);
  }
  if (http_status_ == 410) return Gone();
  if (http_status_ != 0 && http_status_ != 200) {
    return Fail(StatusError(), http_status_ == 400 ? Remedy::kRelist : Refused(http_status_));
  }
  if (!result) api_->Distrust();
  if (http_status_ == 200 && (progressed_ || Between(sent_, clock_.Now()) >= kGoodWatch)) {
    if (!result) ++status_.failures_total;
    refusals_ = 0;
    backoff_.Reset();
    return Retry(Millis(0));
  }
  Fail(result ? Error{"the watch ended as soon as it had begun"} : result.error(), Remedy::kResume);
}

// Before its bookmark: there is no version to go on from.
void KubernetesWatch::OnStreamingListEnd(const Result<void>& result) {
  if (http_status_ == 400 || http_status_ == 422) {
    api_->RefuseStreaming(clock_.Now() + options_.streaming_refused_for);
    return Begin();
  }
  plain_list_ = IsAboutRequest(http_status_);
  if (stop_) return Fail(stop_->error, Remedy::kRelist);
  if (http_status_ != 0 && http_status_ != 200) return Fail(StatusError(), Remedy::kRelist);
  Fail(result ? Error{"the events end before the list does"} : result.error(), Remedy::kRelist);
}

KubernetesWatch::Remedy KubernetesWatch::Refused(int code) {
  if (!IsAboutRequest(code)) return Remedy::kResume;
  return ++refusals_ < kRefusalsMax ? Remedy::kResume : Remedy::kRelist;
}

void KubernetesWatch::Gone() {
  LogInfo("Kubernetes watch fell behind, listing anew", {{"api_server", status_.api_server},
                                                         {"role", status_.role},
                                                         {"namespace", status_.name_space}});
  resource_version_.clear();
  Retry(Between(listed_, clock_.Now()) >= kGoodWatch ? Millis(0) : backoff_.Next());
}

void KubernetesWatch::Fail(const Error& error, Remedy remedy) {
  ++status_.failures_total;
  status_.connected = false;
  const bool listing = phase_ == Phase::kListing || phase_ == Phase::kStreaming;
  status_.last_error = phase_ == Phase::kWaiting
                           ? error.message
                           : (listing ? "LIST " : "WATCH ") + Path() + ": " + error.message;
  if (remedy == Remedy::kRelist) {
    resource_version_.clear();
    continue_.clear();
  }
  api_->Distrust();
  // One line a state, however often it is tried: "403", "500", or no answer at all.
  const std::string state = "failing " + std::to_string(http_status_);
  if (logged_ != state) {
    LogWarn("Kubernetes discovery is failing, its targets stay",
            {{"api_server", status_.api_server},
             {"role", status_.role},
             {"namespace", status_.name_space},
             {"error", status_.last_error}});
    logged_ = state;
  }
  Retry(std::max(backoff_.Next(), retry_after_));
}

void KubernetesWatch::Retry(Millis delay) {
  timer_.After(delay, [this] { Begin(); });
}

void KubernetesWatch::Connected() {
  status_.connected = true;
  status_.last_error.clear();
  if (logged_ == "connected") return;
  logged_ = "connected";
  LogInfo("Kubernetes watch is open", {{"api_server", status_.api_server},
                                       {"role", status_.role},
                                       {"namespace", status_.name_space}});
}

}  // namespace limpet
