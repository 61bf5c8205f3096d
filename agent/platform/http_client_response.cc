#include "agent/platform/http_client_response.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <limits>
#include <optional>

namespace limpet {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::string_view kHeadStart = "HTTP/1.";
constexpr int kInterimAnswersMax = 16;

// Up to and with its empty line; 0 where that is not there yet. As Go does, lines may end in a bare
// LF, which Beast does not take: `bare` tells.
size_t HeadBytes(std::string_view bytes, bool& bare) {
  bare = false;
  size_t line = 0;
  while (true) {
    const size_t end = bytes.find('\n', line);
    if (end == bytes.npos) return 0;
    const bool crlf = end > line && bytes[end - 1] == '\r';
    bare = bare || !crlf;
    if (end - line == (crlf ? 1u : 0u) && line > 0) return end + 1;
    line = end + 1;
  }
}

std::string WithCrLf(std::string_view head) {
  std::string text;
  text.reserve(head.size() + 64);
  for (const char c : head) {
    if (c == '\n' && !text.ends_with('\r')) text += '\r';
    text += c;
  }
  return text;
}

// The head's own text serves the look-ups, so that no field is copied. Beast has checked the
// syntax. Of a folded value (obsolete since RFC 7230) there is the first line.
std::string_view FindField(std::string_view head, std::string_view name) {
  size_t line = head.find("\r\n");
  while (line != head.npos) {
    line += 2;
    const size_t end = head.find("\r\n", line);
    if (end == head.npos || end == line) break;
    const std::string_view text = head.substr(line, end - line);
    const size_t colon = text.find(':');
    if (colon == name.size() && boost::beast::iequals(text.substr(0, colon), name)) {
      const size_t first = text.find_first_not_of(" \t", colon + 1);
      if (first == text.npos) return {};
      return text.substr(first, text.find_last_not_of(" \t") - first + 1);
    }
    line = end;
  }
  return {};
}

// Beast's parser for one message, with the handler behind its body.
class Message final : public http::basic_parser<false>, public HttpResponseHead {
 public:
  Message(const HttpLimits& limits, HttpResponseHandler& handler) : handler_(handler) {
    eager(true);
    header_limit(
        std::numeric_limits<uint32_t>::max());  // kept outside, where the head is collected
    body_limit(limits.body_bytes_max);
  }

  void set_head(std::string_view head) { head_ = head; }
  void Stop() { aborted_ = true; }
  bool aborted() const { return aborted_; }
  bool interim() const { return status_ / 100 == 1; }

  int status() const override { return status_; }
  std::string_view Field(std::string_view name) const override { return FindField(head_, name); }
  std::optional<uint64_t> content_length() const override {
    const auto length = basic_parser::content_length();
    return length ? std::optional<uint64_t>(*length) : std::nullopt;
  }

 private:
  using View = boost::beast::string_view;

  void on_request_impl(http::verb, View, View, int, error_code&) override {}
  void on_response_impl(int code, View, int, error_code& error) override {
    status_ = code;
    if (code < 100) error = http::error::bad_status;
  }
  void on_field_impl(http::field, View, View, error_code&) override {}
  void on_header_impl(error_code& error) override {
    if (interim()) return;
    if (aborted_ || !handler_.OnHead(*this)) Abort(error);
  }
  void on_body_init_impl(const boost::optional<uint64_t>&, error_code&) override {}
  size_t on_body_impl(View bytes, error_code& error) override {
    if (bytes.empty()) return 0;
    if (aborted_ || !handler_.OnBody({bytes.data(), bytes.size()})) Abort(error);
    return bytes.size();
  }
  void on_chunk_header_impl(uint64_t, View, error_code&) override {}
  size_t on_chunk_body_impl(uint64_t, View bytes, error_code& error) override {
    return on_body_impl(bytes, error);
  }
  void on_finish_impl(error_code&) override {}

  void Abort(error_code& error) {
    aborted_ = true;
    error = boost::system::errc::make_error_code(boost::system::errc::operation_canceled);
  }

  HttpResponseHandler& handler_;
  std::string_view head_;
  int status_ = 0;
  bool aborted_ = false;
};

class Parser final : public HttpResponseParser {
 public:
  Parser(const HttpLimits& limits, HttpResponseHandler& handler)
      : limits_(limits), handler_(handler), message_(std::in_place, limits, handler) {}

  Status Feed(std::string_view bytes) override {
    after_hold_ = !held_.empty();
    if (!after_hold_) return Parse(bytes);
    std::string joined = std::move(held_);
    held_.clear();
    joined += bytes;
    return Parse(joined);
  }

  Status FeedEnd() override {
    if (!message_->got_some()) return Status::kTruncated;
    error_code error;
    message_->put_eof(error);
    return error ? Status::kTruncated : Status::kDone;
  }

  void Stop() override { message_->Stop(); }
  const std::string& why() const override { return why_; }
  bool keep_alive() const override { return !surplus_ && message_->keep_alive(); }

 private:
  Status Parse(std::string_view bytes) {
    while (!message_->is_header_done()) {
      const auto status = ParseHead(bytes);
      if (status != Status::kNeedMore || !message_->is_header_done()) return status;
      if (!message_->interim()) break;
      if (++interim_answers_ > kInterimAnswersMax) return Malformed("too many interim answers");
      message_.emplace(limits_, handler_);
    }
    return ParseBody(bytes);
  }

  // Waits for the whole head and takes it off `bytes`.
  Status ParseHead(std::string_view& bytes) {
    const std::string_view start = bytes.substr(0, kHeadStart.size());
    if (start != kHeadStart.substr(0, start.size())) return Malformed("not an HTTP/1 status line");
    bool bare = false;
    const size_t end = HeadBytes(bytes, bare);
    const size_t head_bytes = end == 0 ? bytes.size() : end;
    if (head_bytes > limits_.header_bytes_max) {
      return Malformed("head exceeds " + std::to_string(limits_.header_bytes_max) + " bytes");
    }
    if (end == 0) return Hold(bytes);
    const std::string rewritten = bare ? WithCrLf(bytes.substr(0, head_bytes)) : std::string();
    std::string_view head = bare ? std::string_view(rewritten) : bytes.substr(0, head_bytes);
    message_->set_head(head);
    const auto status = Put(head);
    message_->set_head({});
    if (status == Status::kNeedMore && !message_->is_header_done()) return Malformed("bad head");
    bytes.remove_prefix(head_bytes);
    return status == Status::kDone ? Status::kNeedMore : status;
  }

  Status ParseBody(std::string_view bytes) {
    // What is held of a chunked body is the begin of a chunk's line; Beast relies on having the
    // whole of the shortest last one, "0", then.
    constexpr size_t kLastChunkBytes = 5;
    const bool short_line = after_hold_ && message_->chunked() && bytes.size() < kLastChunkBytes;
    if (short_line && !message_->is_done()) return Hold(bytes);
    const auto status = message_->is_done() ? Status::kDone
                        : bytes.empty()     ? Status::kNeedMore
                                            : Put(bytes);
    if (status == Status::kDone) surplus_ = !bytes.empty();
    if (status != Status::kNeedMore || bytes.empty()) return status;
    if (bytes.size() > limits_.header_bytes_max) {
      return Malformed("chunk header or trailer exceeds " +
                       std::to_string(limits_.header_bytes_max) + " bytes");
    }
    return Hold(bytes);
  }

  // Removes from `bytes` what has been understood.
  Status Put(std::string_view& bytes) {
    error_code error;
    bytes.remove_prefix(message_->put(boost::asio::buffer(bytes.data(), bytes.size()), error));
    if (message_->aborted()) return Status::kAborted;
    if (error == http::error::body_limit) {
      return Malformed("body exceeds " + std::to_string(limits_.body_bytes_max) + " bytes");
    }
    if (error && error != http::error::need_more) return Malformed(error.message());
    return message_->is_done() ? Status::kDone : Status::kNeedMore;
  }

  Status Hold(std::string_view bytes) {
    held_ = bytes;
    return Status::kNeedMore;
  }

  Status Malformed(std::string why) {
    why_ = std::move(why);
    return Status::kMalformed;
  }

  const HttpLimits limits_;
  HttpResponseHandler& handler_;
  std::optional<Message> message_;
  std::string held_;
  bool after_hold_ = false;  // the bytes at hand begin with what was held
  std::string why_;
  int interim_answers_ = 0;
  bool surplus_ = false;  // bytes after the answer: nobody knows what they mean
};

}  // namespace

std::unique_ptr<HttpResponseParser> HttpResponseParser::Create(const HttpLimits& limits,
                                                               HttpResponseHandler& handler) {
  return std::make_unique<Parser>(limits, handler);
}

}  // namespace limpet
