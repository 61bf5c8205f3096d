// Which proxy a request goes through, as Go and therefore Prometheus decide it.
//
// Who calls it: config/ to check a proxy_url, HttpClientContext to choose; any thread.
// Source: golang.org/x/net/http/httpproxy and prometheus/common's ProxyConfig. With proxy_url alone
// every request takes the proxy; with no_proxy or the environment's variables (HTTP_PROXY,
// HTTPS_PROXY, NO_PROXY, or in small letters), localhost and loopback addresses never do. Proxies
// are http:// and https://; the latter are trusted by the client's own TLS settings.
// Errors never quote a URL.
#ifndef LIMPET_AGENT_PLATFORM_HTTP_PROXY_H_
#define LIMPET_AGENT_PLATFORM_HTTP_PROXY_H_

#include <string>
#include <string_view>

#include "agent/platform/http_client_config.h"
#include "agent/platform/result.h"
#include "agent/platform/url.h"

namespace limpet {

// "http://user:password@host:port"; percent-encoding in the user's part is taken off.
Result<HttpProxy> ParseHttpProxy(std::string_view text);

// Whether `no_proxy` names the URL's host: "*", addresses, networks ("10.0.0.0/8") and domains,
// each with a port or without; "example.com" stands for what is below it as well.
bool IsExemptFromProxy(std::string_view no_proxy, const Url& url);

class HttpProxyChoice {
 public:
  // Reads the environment where the configuration says so, once.
  explicit HttpProxyChoice(HttpProxyConfig config);

  // False: For never has one.
  bool any() const { return config_.proxy || config_.from_environment; }
  // Null where the request goes straight to its server.
  Result<const HttpProxy*> For(const Url& url) const;

 private:
  HttpProxyConfig config_;
  Result<HttpProxy> http_;  // an empty host where there is none
  Result<HttpProxy> https_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_HTTP_PROXY_H_
