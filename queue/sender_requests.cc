#include "queue/sender_requests.h"

#include <algorithm>
#include <cctype>
#include <iterator>

namespace limpet {
namespace {

bool SameName(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

// Those of the configuration, without what the protocol or the connection sets.
std::vector<HttpHeader> ConfiguredHeaders(const HttpClientConfig& http) {
  static constexpr std::string_view kReserved[] = {"Content-Encoding",
                                                   "Content-Type",
                                                   "User-Agent",
                                                   "X-Prometheus-Remote-Write-Version",
                                                   "Host",
                                                   "Content-Length",
                                                   "Connection",
                                                   "Transfer-Encoding"};
  std::vector<HttpHeader> headers;
  for (const HttpHeader& header : http.headers) {
    const bool reserved =
        std::any_of(std::begin(kReserved), std::end(kReserved),
                    [&](std::string_view name) { return SameName(name, header.name); });
    const bool own_credentials = SameName(header.name, "Authorization") &&
                                 (http.authorization || http.basic_auth || http.oauth2);
    if (!reserved && !own_credentials) headers.push_back(header);
  }
  return headers;
}

}  // namespace

SenderRequests::SenderRequests(EventLoop& loop, const RemoteWriteConfig& config)
    : config_(config),
      context_(HttpClientContext::Create(loop, config.http)),
      headers_(ConfiguredHeaders(config.http)),
      version_(context_->Version()) {}

Result<std::unique_ptr<HttpConnection>> SenderRequests::Connect(Millis connect_timeout) {
  if (config_.url.scheme == "https") {
    if (auto tls = context_->Tls(std::chrono::steady_clock::now()); !tls) return tls.error();
  }
  HttpLimits limits;
  limits.connect_timeout = connect_timeout;
  return std::make_unique<HttpConnection>(context_, config_.url, limits);
}

HttpRequest SenderRequests::Make(const Batch& batch) {
  version_ = context_->Version();
  const bool v2 = batch.protocol == WireProtocol::kV2;
  HttpRequest request;
  request.method = "POST";
  request.target = config_.url.target;
  request.headers = {
      {"Content-Encoding", "snappy"},
      {"Content-Type", v2 ? "application/x-protobuf;proto=io.prometheus.write.v2.Request"
                          : "application/x-protobuf"},
      {"User-Agent", "limpet/" LIMPET_VERSION},
      {"X-Prometheus-Remote-Write-Version", v2 ? "2.0.0" : "0.1.0"}};
  request.headers.insert(request.headers.end(), headers_.begin(), headers_.end());
  request.body = batch.body;
  return request;
}

std::string SenderRequests::Show(const AnswerStart& answer) const {
  return answer.Show(SecretsOf(config_.http, config_.url, *context_));
}

}  // namespace limpet
