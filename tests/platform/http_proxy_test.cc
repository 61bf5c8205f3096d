#include "agent/platform/http_proxy.h"

#include <doctest/doctest.h>

#include <cstdlib>

#include "agent/platform/http_client_context.h"
#include "tests/platform/answering_server.h"
#include "tests/platform/http_client_harness.h"
#include "tests/platform/test_certificates.h"

namespace limpet {
namespace {

HttpClientConfig Through(uint16_t port, const std::string& user = "", const char* scheme = "http") {
  HttpClientConfig config;
  config.proxy.proxy =
      ParseHttpProxy(std::string(scheme) + "://" + user + "127.0.0.1:" + std::to_string(port))
          .value();
  return config;
}

RecordingHandler Fetch(const HttpClientConfig& config, const Url& url) {
  EventLoop loop;
  HttpConnection connection(HttpClientContext::Create(loop, config), url);
  HttpRequest request = Get(url.target.empty() ? "/" : url.target);
  return Exchange(loop, connection, std::move(request));
}

TEST_CASE("a proxy's URL may hold a user, whom no error shows") {
  const auto proxy = ParseHttpProxy("http://me:pa%40ss%3A@proxy.example:3128/").value();
  CHECK(proxy.url.host == "proxy.example");
  CHECK(proxy.url.port == 3128);
  CHECK(proxy.credentials.Reveal() == "me:pa@ss:");
  CHECK(ParseHttpProxy("http://proxy").value().credentials.empty());
  for (const char* text : {"socks5://u:s3cret@h", "http://u:s3cret@", "http://u:s3cret%@h",
                           "u:s3cret@h:1", "http://u:s3cret@h:x"}) {
    const auto refused = ParseHttpProxy(text);
    REQUIRE_FALSE(refused.has_value());
    CHECK_FALSE(Contains(refused.error().message, "s3cret"));
  }
}

TEST_CASE("no_proxy is read as Go reads it") {
  const auto exempt = [](const char* no_proxy, const char* url) {
    return IsExemptFromProxy(no_proxy, ParseUrl(url).value());
  };
  CHECK(exempt("", "http://localhost/"));
  CHECK(exempt("", "http://127.8.9.1/"));
  CHECK(exempt("", "https://[::1]:9/"));
  CHECK_FALSE(exempt("", "http://10.0.0.1/"));
  CHECK(exempt("*", "http://any/"));
  CHECK(exempt("a.example, b.example", "http://B.example/"));
  CHECK(exempt("example", "http://a.example/"));
  CHECK_FALSE(exempt("example", "http://anexample/"));
  CHECK_FALSE(exempt(".example", "http://example/"));
  CHECK(exempt("*.example", "http://a.example/"));
  CHECK(exempt("a:8080", "http://a:8080/"));
  CHECK_FALSE(exempt("a:8080", "http://a/"));
  CHECK(exempt("10.0.0.0/8", "http://10.255.0.1/"));
  CHECK_FALSE(exempt("10.0.0.0/8", "http://11.0.0.1/"));
  CHECK_FALSE(exempt("::/0", "http://11.0.0.1/"));
  CHECK(exempt("fd00::/8", "http://[fd12::1]/"));
  CHECK(exempt("10.1.1.1:80", "http://10.1.1.1/"));
  CHECK(exempt("[fd00::1]:80", "http://[fd00::1]/"));
  CHECK(exempt("fd00::1", "http://[fd00::1]/"));
  CHECK_FALSE(exempt(",,:1,/8,x/y,10.0.0.0/99", "http://10.0.0.1/"));
}

TEST_CASE("the environment chooses by scheme") {
  setenv("HTTP_PROXY", "one:1", 1);
  setenv("https_proxy", "https://u:p@two:2", 1);
  setenv("NO_PROXY", ".local", 1);
  HttpProxyConfig config;
  config.from_environment = true;
  const HttpProxyChoice choice(config);
  unsetenv("HTTP_PROXY");
  unsetenv("https_proxy");
  unsetenv("NO_PROXY");
  CHECK(choice.For(ParseUrl("http://h").value()).value()->url.ToString() == "http://one:1/");
  CHECK(choice.For(ParseUrl("https://h").value()).value()->url.host == "two");
  CHECK(choice.For(ParseUrl("https://h.local").value()).value() == nullptr);
  CHECK(HttpProxyChoice(config).For(ParseUrl("http://h").value()).value() == nullptr);
  CHECK(HttpProxyChoice({}).For(ParseUrl("http://h").value()).value() == nullptr);
}

TEST_CASE("http goes to the proxy with the whole URL") {
  AnsweringServer proxy([](const std::string&) { return AnswerOf("200 OK", "ok"); });
  HttpClientConfig config = Through(proxy.port(), "Aladdin:open%20sesame@");
  config.basic_auth = {"me", Secret("pw"), ""};
  EventLoop loop;
  HttpConnection connection(HttpClientContext::Create(loop, config),
                            ParseUrl("http://no..such..name:81").value());
  for (int i = 0; i < 2; ++i) CHECK(Exchange(loop, connection, Get("/m?x")).body == "ok");
  CHECK(proxy.connections() == 1);
  const std::string request = proxy.requests().at(1);
  CHECK(
      request.starts_with("GET http://no..such..name:81/m?x HTTP/1.1\r\nHost: no..such..name:81"));
  CHECK(Contains(request, "\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
  CHECK(Contains(request, "\r\nAuthorization: Basic "));
}

TEST_CASE("https goes through a tunnel, and only the tunnel's end sees the request") {
  const TestAuthority authority("limpet test authority");
  const auto tls = TestServerContext(authority.Issue("DNS:target.example"));
  AnsweringServer origin([](const std::string&) { return AnswerOf("200 OK", "inside"); },
                         tls.get());
  const auto proxy_tls = TestServerContext(authority.Issue("IP:127.0.0.1"));
  for (const bool tls_proxy : {false, true}) {
    std::string asked;
    ScriptedServer proxy({[&](ScriptedPeer& peer) {
                           asked = peer.ReadHead();
                           peer.WriteByteByByte("HTTP/1.1 200 Connection established\r\n\r\n");
                           peer.RelayTo(origin.port());
                         }},
                         tls_proxy ? proxy_tls.get() : nullptr);
    HttpClientConfig config = Through(proxy.port(), "u:p@", tls_proxy ? "https" : "http");
    config.tls.ca = authority.cert_pem();
    config.proxy.connect_headers = {{"X-Proxy", {}, {Secret("a"), Secret("b")}, {}}};
    config.http_headers = {{"X-Inner", {"c"}, {}, {}}};
    EventLoop loop;
    HttpConnection connection(HttpClientContext::Create(loop, config),
                              ParseUrl("https://target.example").value());
    for (int i = 0; i < 2; ++i) {
      const auto got = Exchange(loop, connection, Get("/m"));
      CHECK(got.error == "");
      CHECK(got.body == "inside");
    }
    CHECK(proxy.connections() == 1);
    CHECK(asked.starts_with("CONNECT target.example:443 HTTP/1.1\r\nHost: target.example:443\r\n"));
    CHECK(Contains(asked, "\r\nProxy-Authorization: Basic dTpw\r\nX-Proxy: a\r\nX-Proxy: b\r\n"));
    CHECK_FALSE(Contains(asked, "X-Inner"));
    CHECK(origin.requests().back().starts_with("GET /m HTTP/1.1\r\nHost: target.example\r\n"));
    CHECK(Contains(origin.requests().back(), "X-Inner: c"));
    CHECK_FALSE(Contains(origin.requests().back(), "Proxy-Authorization"));
  }
}

TEST_CASE("a proxy that refuses, lies, closes or is silent is an error that names it") {
  const Url https = ParseUrl("https://target.example:8443").value();
  const auto answers = [](const char* answer) {
    return [answer](ScriptedPeer& peer) {
      peer.ReadHead();
      peer.Write(answer);
    };
  };
  ScriptedServer proxy({answers("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"),
                        answers("HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nhello"),
                        answers("garbage\r\n\r\n"), answers(""),
                        answers("HTTP/1.1 200 OK\r\n\r\nnot TLS at all"),
                        answers("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")});
  const HttpClientConfig config = Through(proxy.port(), "u:s3cret@");
  const std::string name = "proxy 127.0.0.1:" + std::to_string(proxy.port());
  CHECK(Fetch(config, https).error ==
        name +
            " refused CONNECT to target.example:8443: HTTP status 407 (proxy authentication "
            "required)");
  CHECK(Fetch(config, https).error ==
        name + " refused CONNECT to target.example:8443: HTTP status 403");
  CHECK(Contains(Fetch(config, https).error, "answer from " + name + ": "));
  CHECK(Contains(Fetch(config, https).error, name));
  CHECK(Contains(Fetch(config, https).error, "TLS handshake with target.example:8443: "));
  CHECK(Fetch(config, ParseUrl("http://target.example/").value()).error ==
        name + " refused: HTTP status 407 (proxy authentication required)");
  CHECK(Contains(Fetch(Through(UnusedPort()), https).error, "proxy: connect 127.0.0.1:"));

  ScriptedServer silent({[](ScriptedPeer& peer) { peer.WaitForClose(); }});
  EventLoop loop;
  HttpConnection connection(HttpClientContext::Create(loop, Through(silent.port())), https);
  CHECK(Exchange(loop, connection, Get(), Millis(50)).error ==
        "timeout while waiting for proxy 127.0.0.1:" + std::to_string(silent.port()));
}

}  // namespace
}  // namespace limpet
