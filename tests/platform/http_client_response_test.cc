#include "agent/platform/http_client_response.h"

#include <doctest/doctest.h>

#include "tests/platform/http_client_harness.h"

namespace limpet {
namespace {

using Status = HttpResponseParser::Status;

// Feeds the answer in pieces of that size, ends it, and returns the last status.
Status Parse(std::string_view answer, size_t piece_size, RecordingHandler& handler) {
  const auto parser = HttpResponseParser::Create({}, handler);
  for (size_t i = 0; i < answer.size(); i += piece_size) {
    // A copy of its own, so that the sanitizer sees a look outside.
    const std::string piece(answer.substr(i, piece_size));
    const Status status = parser->Feed(piece);
    if (status != Status::kNeedMore) return status;
  }
  return parser->FeedEnd();
}

TEST_CASE("an answer means the same however it is cut") {
  const std::string answer =
      "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Type:  a/b \r\nX:\r\nTransfer-Encoding: chunked\r\n\r\n"
      "4;ext=\"1\"\r\nabcd\r\n1A\r\nabcdefghijklmnopqrstuvwxyz\r\n000\r\nTrailer: x\r\n\r\n";
  for (size_t size = 1; size <= answer.size(); ++size) {
    CAPTURE(size);
    RecordingHandler handler;
    CHECK(Parse(answer, size, handler) == Status::kDone);
    CHECK(handler.body == "abcdabcdefghijklmnopqrstuvwxyz");
    CHECK(handler.heads == 1);
    CHECK(handler.content_type == "a/b");
  }
}

TEST_CASE("a head's lines may end in a bare LF, as Go takes them") {
  for (const std::string head :
       {"HTTP/1.1 200 OK\nContent-Type: a/b\nContent-Length: 4\n\n",
        "HTTP/1.1 100 Continue\n\nHTTP/1.1 200 OK\nContent-Type: a/b\r\nContent-Length: 4\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: a/b\nContent-Length: 4\r\n\n"}) {
    CAPTURE(head);
    const std::string answer = head + "\n\r\n\r";
    for (size_t size = 1; size <= answer.size(); ++size) {
      RecordingHandler handler;
      CHECK(Parse(answer, size, handler) == Status::kDone);
      CHECK(handler.body == "\n\r\n\r");
      CHECK(handler.content_type == "a/b");
    }
  }
}

TEST_CASE("an empty chunked body may come in any pieces") {
  const std::string answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  for (size_t first = 1; first < answer.size(); ++first) {
    for (size_t second = first; second < answer.size(); ++second) {
      RecordingHandler handler;
      const auto parser = HttpResponseParser::Create({}, handler);
      parser->Feed(std::string(answer, 0, first));
      parser->Feed(std::string(answer, first, second - first));
      CHECK(parser->Feed(std::string(answer, second)) == Status::kDone);
      CHECK(parser->keep_alive());
    }
  }
}

TEST_CASE("a status below 100 is none") {
  RecordingHandler handler;
  CHECK(Parse("HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n", 100, handler) == Status::kMalformed);
  CHECK(handler.heads == 0);
}

TEST_CASE("every cut-off answer is truncated") {
  const std::string answer =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  for (size_t size = 0; size < answer.size(); ++size) {
    CAPTURE(size);
    RecordingHandler handler;
    CHECK(Parse(std::string_view(answer).substr(0, size), 7, handler) == Status::kTruncated);
  }
}

TEST_CASE("fields are found by name, in any case, the first of several") {
  RecordingHandler handler;
  bool checked = false;
  handler.on_head = [&](const HttpResponseHead& head) {
    checked = true;
    CHECK(head.Field("a") == "1");
    CHECK(head.Field("ETAG") == "\"x: y\"");
    CHECK(head.Field("Empty") == "");
    CHECK(head.Field("Missing") == "");
    CHECK(head.Field("") == "");
    CHECK(head.Field("HTTP/1.1 200 OK") == "");
    CHECK_FALSE(head.content_length().has_value());
    return true;
  };
  CHECK(Parse("HTTP/1.1 200 a: status\r\nA: 1\r\na: 2\r\nETag: \"x: y\" \t\r\nEmpty:  \r\n\r\n",
              9999, handler) == Status::kDone);
  CHECK(checked);
}

TEST_CASE("bytes after an answer forbid another exchange") {
  RecordingHandler handler;
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab";
  for (const char* surplus : {"", "c"}) {
    const auto parser = HttpResponseParser::Create({}, handler);
    CHECK(parser->Feed(answer + surplus) == Status::kDone);
    CHECK(parser->keep_alive() == (*surplus == '\0'));
  }
}

TEST_CASE("a stopped parser calls nobody") {
  RecordingHandler handler;
  const auto parser = HttpResponseParser::Create({}, handler);
  parser->Stop();
  CHECK(parser->Feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab") == Status::kAborted);
  CHECK(handler.heads == 0);
  CHECK(handler.pieces == 0);
}

}  // namespace
}  // namespace limpet
