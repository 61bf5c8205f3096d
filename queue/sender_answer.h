// What of a receiver's answer may be shown: in status pages and log lines.
//
// Who calls it: the senders; any thread.
// An answer's body is logged, never interpreted. It comes from outside: its length is bounded,
// control characters go, and credentials that a receiver echoes are blotted out.
#ifndef LIMPET_QUEUE_SENDER_ANSWER_H_
#define LIMPET_QUEUE_SENDER_ANSWER_H_

#include <string>
#include <string_view>
#include <vector>

#include "agent/platform/http_client_config.h"
#include "agent/platform/http_client_context.h"
#include "agent/platform/url.h"

namespace limpet {

// Without the query, which may hold a key.
std::string DisplayUrl(const Url& url);

// Everything that a receiver's requests hold and nobody may see: of its configuration, and what the
// context has at present from files, token servers and the environment.
std::vector<std::string> SecretsOf(const HttpClientConfig& http, const Url& url,
                                   HttpClientContext& context);

// The start of an answer's body, kept as it comes in.
class AnswerStart {
 public:
  static constexpr size_t kReadMax = 64 * 1024;  // what is behind it is not read
  static constexpr size_t kShownMax = 256;

  void Clear();
  // False once more than kReadMax came.
  bool Add(std::string_view bytes);
  // Whether it is a gateway's page about TLS (a client certificate it does not take, plain HTTP
  // where it speaks TLS), which comes with a 400: the receiver has not seen the request.
  bool IsAboutTls() const;
  // One line of at most kShownMax bytes, without any of the secrets.
  std::string Show(const std::vector<std::string>& secrets) const;

 private:
  static constexpr size_t kKeptMax = 4096;
  std::string kept_;
  size_t read_ = 0;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_SENDER_ANSWER_H_
