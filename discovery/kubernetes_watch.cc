#include "discovery/kubernetes_watch.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "agent/platform/logging.h"
#include "agent/platform/url.h"

namespace limpet {
namespace {

// A watch that has lasted this long, or has brought something, was a good one: the next follows at
// once.
constexpr Millis kGoodWatch(1000);
constexpr size_t kErrorBodyBytesMax = 4096;
// Of a WATCH; then the version it resumes at is given up.
constexpr uint32_t kRefusalsMax = 3;

// Only the form in seconds, which is what Kubernetes sends; a date is left to the back-off.
Millis ParseRetryAfter(std::string_view text, Millis max) {
  int64_t seconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || seconds < 0) {
    return Millis(0);
  }
  return std::min(max, Millis(std::min<int64_t>(seconds, 86'400) * 1000));
}

Millis Between(SteadyTime from, SteadyTime to) {
  return std::chrono::duration_cast<Millis>(to - from);
}

}  // namespace

KubernetesWatch::KubernetesWatch(EventLoop& loop, const Clock& clock,
                                 std::shared_ptr<KubernetesApi> api, const KubernetesRole& role,
                                 KubernetesScope scope, const KubernetesWatchOptions& options,
                                 KubernetesWatchSink& sink)
    : loop_(loop),
      clock_(clock),
      api_(std::move(api)),
      role_(role),
      scope_(std::move(scope)),
      options_(options),
      sink_(sink),
      backoff_(options.backoff_min, options.backoff_max),
      timer_(loop) {
  status_.role = role.name();
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
  resource_version_.empty() ? SendList() : SendWatch();
}

void KubernetesWatch::SendList() {
  phase_ = Phase::kListing;
  if (continue_.empty()) {
    list_start_ = clock_.Now();
    sink_.OnListStart();
  }
  splitter_.emplace(ObjectSplitter::Shape::kList, options_.object_bytes_max);
  Send(Query({{"limit", std::to_string(options_.page_objects)}, {"continue", continue_}}),
       clock_.Now() + options_.list_deadline);
}

void KubernetesWatch::SendWatch() {
  phase_ = Phase::kWatching;
  splitter_.emplace(ObjectSplitter::Shape::kStream, options_.object_bytes_max);
  // Drawn anew for each, so that the watches of many clients do not end together.
  const auto timeout = std::chrono::ceil<std::chrono::seconds>(
      backoff_.Between(options_.watch_timeout_min, options_.watch_timeout_max));
  Send(Query({{"watch", "true"},
              {"allowWatchBookmarks", "true"},
              {"resourceVersion", resource_version_},
              {"timeoutSeconds", std::to_string(timeout.count())}}),
       clock_.Now() + timeout + options_.watch_grace);
}

void KubernetesWatch::Send(const std::string& path_and_query, SteadyTime deadline) {
  retry_after_ = Millis(0);
  error_body_.clear();
  body_bytes_ = 0;
  stop_.reset();
  sent_ = heard_ = clock_.Now();
  deadline_ = deadline;
  longest_silence_ = Millis(0);
  bookmarks_ = false;
  progressed_ = false;
  auto request = api_->Get(path_and_query);
  if (!request) return Fail(request.error(), Remedy::kResume);
  // A WATCH answers at once; what may take long is its body.
  connection_->Start(*std::move(request), std::min(deadline, sent_ + options_.list_deadline),
                     *this);
}

std::string KubernetesWatch::Query(std::vector<std::pair<std::string, std::string>> params) const {
  params.emplace_back("labelSelector", scope_.label_selector);
  params.emplace_back("fieldSelector", scope_.field_selector);
  std::erase_if(params, [](const auto& param) { return param.second.empty(); });
  return Path() + "?" + EncodeQuery(std::move(params));
}

std::string KubernetesWatch::Path() const { return role_.Path(status_.name_space); }

bool KubernetesWatch::OnHead(const HttpResponseHead& head) {
  http_status_ = head.status();
  if (http_status_ != 200) {
    retry_after_ = ParseRetryAfter(head.Field("Retry-After"), options_.retry_after_max);
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
  sink_.OnTurnEnd();
  if (!fed) {
    if (!stop_) stop_ = Stop{fed.error(), listing ? Remedy::kResume : Remedy::kRelist};
    return false;
  }
  if (!listing) Heard();
  return true;
}

void KubernetesWatch::Heard() {
  const SteadyTime now = clock_.Now();
  longest_silence_ = std::max(longest_silence_, Between(heard_, now));
  heard_ = now;
  if (bookmarks_) {
    const Millis patience = std::max(options_.watch_silence_max, 3 * longest_silence_);
    connection_->ExtendDeadline(std::min(deadline_, now + patience));
  }
}

void KubernetesWatch::OnDone(const Result<void>& result) {
  NoteOversized();
  if (phase_ == Phase::kListing) {
    OnListPage(result);
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

KubernetesWatch::Remedy KubernetesWatch::Refused(int code) {
  if (code == 401 || code == 403 || code == 429) return Remedy::kResume;
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
  const bool listing = phase_ == Phase::kListing;
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
