#include "agent/platform/http_client_context.h"

#include <utility>

#include "agent/platform/http_oauth2.h"

namespace limpet {
namespace {

void AppendField(std::string_view name, std::string_view value, std::string& head) {
  head.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::shared_ptr<HttpClientContext> HttpClientContext::Create(EventLoop& loop,
                                                             HttpClientConfig config) {
  return std::shared_ptr<HttpClientContext>(new HttpClientContext(loop, std::move(config)));
}

HttpClientContext::HttpClientContext(EventLoop& loop, HttpClientConfig config)
    : loop_(loop),
      config_(std::move(config)),
      credentials_(config_),
      tls_(TlsSource::For(config_.tls)),
      proxies_(config_.proxy) {
  for (const HttpHeaderSource& header : config_.http_headers) {
    for (const std::string& value : header.values) AppendField(header.name, value, fixed_fields_);
    for (const Secret& secret : header.secrets) {
      AppendField(header.name, secret.Reveal(), fixed_fields_);
    }
    for (const std::string& file : header.files) {
      header_files_.push_back({header.name, HttpSecretFile("http_headers file", file)});
    }
  }
  if (config_.oauth2) tokens_ = OAuth2TokenSource::For(loop_, *config_.oauth2);
}

HttpClientContext::~HttpClientContext() = default;

Result<bool> HttpClientContext::AppendFields(std::string& head) {
  head += fixed_fields_;
  for (HeaderFile& header : header_files_) {
    auto value = header.file.Read();
    if (!value) return value.error();
    AppendField(header.name, **value, head);
  }
  if (tokens_ != nullptr) {
    auto header = tokens_->Header();
    if (!header) return header.error();
    if (*header == nullptr) return false;
    AppendField("Authorization", **header, head);
    return true;
  }
  if (!config_.basic_auth && !config_.authorization) return true;
  auto authorization = credentials_.AuthorizationHeader();
  if (!authorization) return authorization.error();
  if (*authorization) AppendField("Authorization", **authorization, head);
  return true;
}

std::optional<std::string> HttpClientContext::Authorization() {
  if (tokens_ != nullptr) {
    const auto header = tokens_->Header();
    return header && *header != nullptr ? std::optional<std::string>(**header) : std::nullopt;
  }
  auto header = credentials_.AuthorizationHeader();
  return header ? *std::move(header) : std::nullopt;
}

std::vector<std::string> HttpClientContext::HeaderFileValues() {
  std::vector<std::string> values;
  for (HeaderFile& header : header_files_) {
    if (const auto value = header.file.Read()) values.push_back(**value);
  }
  return values;
}

void HttpClientContext::WaitForToken(std::function<void()> ready) {
  tokens_->Wait(std::move(ready));
}

uint64_t HttpClientContext::token_version() const {
  return tokens_ == nullptr ? 0 : tokens_->version();
}

bool HttpClientContext::RenewToken(uint64_t version) {
  return tokens_ != nullptr && tokens_->Renew(version);
}

uint64_t HttpClientContext::Version() {
  std::string unused;
  if (!config_.oauth2) (void)AppendFields(unused);
  // Certificates that no connection has asked for yet are not loaded for this alone.
  if (uses_tls_) {
    if (auto tls = tls_->Get(SystemClock().Now()); tls && *tls != last_tls_) {
      last_tls_ = *tls;
      ++tls_version_;
    }
  }
  uint64_t version = credentials_.version() + token_version() + tls_version_;
  for (const HeaderFile& header : header_files_) version += header.file.version();
  return version;
}

Result<std::shared_ptr<const TlsContext>> HttpClientContext::Tls(SteadyTime now) {
  auto tls = tls_->Get(now);
  if (!std::exchange(uses_tls_, true) && tls) last_tls_ = *tls;
  return tls;
}

std::shared_ptr<HttpClientContext> HttpClientContext::Anonymous() {
  if (anonymous_ != nullptr) return anonymous_;
  HttpClientConfig config;
  config.tls = config_.tls;
  config.tls.cert.clear();
  config.tls.cert_file.clear();
  config.tls.key = Secret();
  config.tls.key_file.clear();
  config.proxy = config_.proxy;
  return anonymous_ = Create(loop_, std::move(config));
}

}  // namespace limpet
