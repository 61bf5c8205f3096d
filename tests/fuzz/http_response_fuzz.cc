// An HTTP answer: any bytes may come, and however they are cut, they mean the same.
//
// Input: the first byte chooses limits and the size of the pieces; the rest is what the server
// sends before it closes the connection.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "agent/platform/http_client_response.h"

namespace limpet {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

using Status = HttpResponseParser::Status;

struct Answer : HttpResponseHandler {
  bool OnHead(const HttpResponseHead& head) override {
    Require(++heads == 1 && body.empty());
    status = head.status();
    Require(status >= 0 && status <= 999 && status / 100 != 1);
    type = head.Field("content-type");
    length = head.content_length();
    return !refuse_head;
  }
  bool OnBody(std::string_view bytes) override {
    Require(heads == 1 && !refused);
    body.append(bytes);
    refused = body.size() > body_max;
    return !refused;
  }
  void OnDone(const Result<void>& /*result*/) override { std::abort(); }  // the connection's call

  bool refuse_head = false;
  size_t body_max = SIZE_MAX;
  int heads = 0;
  int status = 0;
  std::string type;
  std::optional<uint64_t> length;
  std::string body;
  bool refused = false;
};

struct Outcome {
  Status status = Status::kNeedMore;
  bool keep_alive = false;
  Answer answer;
};

Outcome Read(std::string_view bytes, uint8_t options, size_t piece_bytes) {
  Outcome outcome;
  outcome.answer.refuse_head = (options & 7) == 7;
  HttpLimits limits;
  if ((options & 1) != 0) limits.body_bytes_max = 100;
  if ((options & 2) != 0) limits.header_bytes_max = 300;
  const auto parser = HttpResponseParser::Create(limits, outcome.answer);
  for (size_t at = 0; at < bytes.size() && outcome.status == Status::kNeedMore; at += piece_bytes) {
    // A copy of its own, so that the sanitizer sees a look outside.
    const std::string piece(bytes.substr(at, piece_bytes));
    outcome.status = parser->Feed(piece);
  }
  if (outcome.status == Status::kNeedMore) outcome.status = parser->FeedEnd();
  Require(outcome.status != Status::kNeedMore);
  if (outcome.status == Status::kMalformed) Require(!parser->why().empty());
  if (outcome.status == Status::kDone) {
    outcome.keep_alive = parser->keep_alive();
    const Answer& answer = outcome.answer;
    Require(answer.heads == 1 && answer.body.size() <= limits.body_bytes_max);
  }
  return outcome;
}

void RequireSame(const Outcome& whole, const Outcome& pieces) {
  // An answer that is broken somewhere may be told so sooner where more of it is at hand.
  Require((whole.status == Status::kDone) == (pieces.status == Status::kDone));
  if (whole.status != Status::kDone) return;
  const Answer& a = whole.answer;
  const Answer& b = pieces.answer;
  Require(a.status == b.status && a.type == b.type);
  Require(a.length == b.length && a.body == b.body);
  // Only who sees bytes behind the answer knows that the connection is of no more use.
  Require(!whole.keep_alive || pieces.keep_alive);
}

}  // namespace
}  // namespace limpet

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const uint8_t options = data[0] & 7;
  const limpet::Outcome whole = limpet::Read(bytes, options, bytes.size() + 1);
  limpet::RequireSame(whole, limpet::Read(bytes, options, 1 + (data[0] >> 3)));
  return 0;
}
