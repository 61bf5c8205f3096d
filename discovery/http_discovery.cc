#include "discovery/http_discovery.h"

#include <algorithm>
#include <utility>

#include "agent/platform/gzip.h"
#include "agent/platform/logging.h"
#include "agent/platform/timestamp.h"
#include "agent/platform/utf8.h"
#include "discovery/json_target_list.h"

namespace limpet {
namespace {

constexpr size_t kBodyBytesMax = 16u << 20;
constexpr Millis kAnswerMax{60'000};
constexpr Millis kRetryMin{1000};
constexpr size_t kShownBytesMax = 100;
constexpr auto kTooLarge = "the answer is larger than 16 MiB";

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() &&
         std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
         });
}

std::string_view Trimmed(std::string_view text) {
  const size_t first = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(first);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

// application/json, with utf-8 as its charset if it has one.
bool IsJsonType(std::string_view content_type) {
  const size_t semicolon = std::min(content_type.find(';'), content_type.size());
  if (!EqualsIgnoringCase(Trimmed(content_type.substr(0, semicolon)), "application/json")) {
    return false;
  }
  const std::string_view parameter = Trimmed(content_type.substr(semicolon));
  if (parameter.empty()) return true;
  const std::string_view charset = Trimmed(parameter.substr(1));
  return EqualsIgnoringCase(charset, "charset=utf-8") ||
         EqualsIgnoringCase(charset, "charset=\"utf-8\"");
}

// A query may hold a secret.
std::string WithoutQuery(const Url& url) {
  return url.Origin() + url.target.substr(0, url.target.find('?'));
}

}  // namespace

HttpDiscovery::HttpDiscovery(EventLoop& loop, const Clock& clock, HttpSdConfig config,
                             OnChange on_change, OnList on_list)
    : clock_(clock),
      config_(std::move(config)),
      on_change_(std::move(on_change)),
      on_list_(std::move(on_list)),
      backoff_(std::min(kRetryMin, config_.refresh_interval), config_.refresh_interval),
      timer_(loop),
      connection_(HttpClientContext::Create(loop, config_.http), config_.url) {
  status_.kind = RefreshKind::kHttp;
  status_.origin = WithoutQuery(config_.url);
  Ask();
}

void HttpDiscovery::Ask() {
  ++status_.reads_total;
  asked_ = clock_.Now();
  body_.clear();
  gzip_ = false;
  refusal_.clear();
  HttpRequest request;
  request.target = config_.url.target;
  request.headers = {
      {"Accept", "application/json"},
      {"Accept-Encoding", "gzip"},
      {"User-Agent", "limpet/" LIMPET_VERSION},
      {"X-Prometheus-Refresh-Interval-Seconds", SecondsText(config_.refresh_interval)}};
  const Millis limit = std::min(config_.refresh_interval, kAnswerMax);
  connection_.Start(std::move(request), asked_ + limit, *this);
}

bool HttpDiscovery::OnHead(const HttpResponseHead& head) {
  const std::string_view type = head.Field("Content-Type");
  const std::string_view coding = head.Field("Content-Encoding");
  gzip_ = EqualsIgnoringCase(coding, "gzip");
  if (head.status() != 200) {
    refusal_ = "the server answered with HTTP status " + std::to_string(head.status());
  } else if (!IsJsonType(type)) {
    refusal_ = "expected the Content-Type application/json, found \"" +
               ToValidUtf8(type, kShownBytesMax) + "\"";
  } else if (!gzip_ && !coding.empty() && !EqualsIgnoringCase(coding, "identity")) {
    refusal_ = "unknown Content-Encoding \"" + ToValidUtf8(coding, kShownBytesMax) + "\"";
  } else if (head.content_length().value_or(0) > kBodyBytesMax) {
    refusal_ = kTooLarge;
  }
  return refusal_.empty();
}

bool HttpDiscovery::OnBody(std::string_view bytes) {
  if (bytes.size() > kBodyBytesMax - body_.size()) {
    refusal_ = kTooLarge;
    return false;
  }
  body_.append(bytes);
  return true;
}

Result<TargetGroups> HttpDiscovery::GroupsOf(const Result<void>& result) {
  if (!refusal_.empty()) return Error{refusal_};
  if (!result) return result.error();
  if (gzip_) {
    std::string inflated;
    if (const auto done = InflateGzip(body_, kBodyBytesMax, inflated); !done) return done.error();
    body_ = std::move(inflated);
  }
  const TargetList list = ReadJsonTargetList(body_, "answer");
  if (!list.errors.empty()) return Error{list.errors.front().ToString()};
  return MakeListedGroups(list.groups, "http/" + config_.url_text,
                          {"__meta_url", config_.url_text});
}

void HttpDiscovery::OnDone(const Result<void>& result) {
  auto groups = GroupsOf(result);
  std::string().swap(body_);
  Millis wait = config_.refresh_interval;
  if (groups) {
    backoff_.Reset();
    wait = backoff_.Between(wait - wait / 20, wait + wait / 20);
  } else {
    wait = backoff_.Next();
  }
  timer_.After(wait, [this] { Ask(); });
  if (groups) {
    Take(std::move(*groups));
  } else {
    Fail(groups.error().message);
  }
}

void HttpDiscovery::Take(TargetGroups groups) {
  const TargetGroups changed = ChangedGroups(groups_, groups);
  groups_ = std::move(groups);
  if (!status_.last_error.empty()) {
    LogInfo("HTTP discovery works again", {{"url", status_.origin}});
  }
  status_.last_error.clear();
  status_.targets = CountTargets(groups_);
  status_.last_success_ms = clock_.WallMs();
  status_.last_latency_ms = std::chrono::duration_cast<Millis>(clock_.Now() - asked_).count();
  const bool first = !std::exchange(status_.listed, true);
  if (!changed.empty()) on_change_(*this, changed);
  if (first) on_list_();
}

void HttpDiscovery::Fail(const std::string& error) {
  ++status_.failures_total;
  if (error != status_.last_error) {
    LogWarn("HTTP discovery failed, the last good list holds",
            {{"url", status_.origin}, {"error", error}});
  }
  status_.last_error = error;
}

bool HttpDiscovery::Overlaps(const GroupSource& other) const {
  return dynamic_cast<const HttpDiscovery*>(&other) != nullptr;
}

void HttpDiscovery::ForEachGroup(const std::function<void(TargetGroup)>& function) {
  for (const TargetGroup& group : groups_) {
    if (!group.targets.empty()) function(group);
  }
}

bool HttpDiscovery::HasGroup(const std::string& source) const {
  return HasListedGroup(groups_, source);
}

bool HttpDiscovery::ForEachWanted(const WantTargetGroup& want, const TakeTargetGroup& take) {
  return limpet::ForEachWanted(groups_, want, take);
}

}  // namespace limpet
