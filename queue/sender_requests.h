// Makes one receiver's requests and connections.
//
// Who calls it: the carriers of that receiver's lanes, on the loop's thread.
// Who we are (credentials, tokens, certificates, proxy) is the HttpClientContext's, which adds it
// to each request. Errors and Show hold no secrets.
#ifndef LIMPET_QUEUE_SENDER_REQUESTS_H_
#define LIMPET_QUEUE_SENDER_REQUESTS_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/config/config.h"
#include "agent/platform/http_client.h"
#include "agent/platform/http_client_context.h"
#include "queue/sender_answer.h"
#include "queue/wire_batch.h"

namespace limpet {

class SenderRequests {
 public:
  // The configuration must outlive it.
  SenderRequests(EventLoop& loop, const RemoteWriteConfig& config);

  // An error where its TLS files cannot be read.
  Result<std::unique_ptr<HttpConnection>> Connect(Millis connect_timeout);
  HttpRequest Make(const Batch& batch);
  // Whether there are other credentials or certificates than with the last request.
  bool CredentialsChanged() { return context_->Version() != version_; }
  // An answer without secrets.
  std::string Show(const AnswerStart& answer) const;

 private:
  const RemoteWriteConfig& config_;
  const std::shared_ptr<HttpClientContext> context_;
  const std::vector<HttpHeader> headers_;
  uint64_t version_ = 0;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_SENDER_REQUESTS_H_
