#include "agent/platform/http_collector.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace limpet {
namespace {

constexpr uint64_t kReserveMax = 1024 * 1024;  // what a peer merely claims to send is not reserved

}  // namespace

HttpCollector::HttpCollector(size_t body_bytes_max, Done done)
    : body_bytes_max_(body_bytes_max), done_(std::move(done)) {}

bool HttpCollector::OnHead(const HttpResponseHead& head) {
  answer_ = HttpAnswer();
  answer_.status = head.status();
  answer_.content_type = head.Field("Content-Type");
  answer_.retry_after = head.Field("Retry-After");
  const auto length = head.content_length();
  too_long_ = length && *length > body_bytes_max_;
  if (length && !too_long_) answer_.body.reserve(std::min(*length, kReserveMax));
  return !too_long_;
}

bool HttpCollector::OnBody(std::string_view bytes) {
  too_long_ = bytes.size() > body_bytes_max_ - answer_.body.size();
  if (!too_long_) answer_.body += bytes;
  return !too_long_;
}

void HttpCollector::OnDone(const Result<void>& result) {
  const Done done = done_;  // the call may destroy this object
  HttpAnswer answer = std::exchange(answer_, HttpAnswer());
  if (std::exchange(too_long_, false)) {
    return done(Error{"body exceeds " + std::to_string(body_bytes_max_) + " bytes"});
  }
  if (!result) return done(result.error());
  done(std::move(answer));
}

}  // namespace limpet
