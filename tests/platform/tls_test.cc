#include "agent/platform/tls.h"

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "agent/platform/http_client.h"
#include "tests/platform/answering_server.h"
#include "tests/platform/http_client_harness.h"
#include "tests/platform/scripted_server.h"
#include "tests/platform/test_certificates.h"

namespace limpet {
namespace {

constexpr char kHello[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
constexpr char kNames[] = "DNS:localhost,DNS:*.limpet.example,IP:127.0.0.1";

ScriptedServer::Script AnswersTwice() {
  return [](ScriptedPeer& peer) {
    for (int i = 0; i < 2; ++i) {
      if (peer.ReadHead().empty()) return;
      peer.Write(kHello);
    }
    peer.WaitForClose();
  };
}

TlsConfig Trusting(const TestAuthority& authority, const std::string& server_name = "") {
  TlsConfig config;
  config.ca = authority.cert_pem();
  config.server_name = server_name;
  return config;
}

// What one exchange with such a server comes to: "ok" or the error.
std::string TryWith(const TlsConfig& config, SSL_CTX* server_context,
                    const std::string& host = "127.0.0.1") {
  ScriptedServer server({AnswersTwice()}, server_context);
  EventLoop loop;
  const auto context = TlsContext::Create(config);
  if (!context) return context.error().message;
  HttpConnection connection(loop, LoopbackUrl(server.port(), "https", host), *context);
  const auto got = Exchange(loop, connection);
  return got.error.empty() && got.body == "hello" ? "ok" : got.error;
}

std::string CreateError(const TlsConfig& config) {
  const auto context = TlsContext::Create(config);
  return context ? "no error" : context.error().message;
}

TEST_CASE("a server is believed by its authority, its name and its time") {
  const TestAuthority authority("limpet test authority"), stranger("stranger");
  const auto server = TestServerContext(authority.Issue(kNames));

  CHECK(TryWith(Trusting(authority), server.get()) == "ok");
  CHECK(TryWith(Trusting(authority), server.get(), "localhost") == "ok");
  CHECK(TryWith(Trusting(authority, "localhost"), server.get()) == "ok");
  CHECK(TryWith(Trusting(authority, "a.limpet.example."), server.get()) == "ok");
  CHECK(TryWith(Trusting(authority, "127.0.0.1"), server.get(), "localhost") == "ok");

  const std::string unknown = TryWith(Trusting(stranger), server.get());
  CHECK(unknown.starts_with("TLS handshake with 127.0.0.1:"));
  CHECK(Contains(unknown, ": certificate verify failed: unable to get local issuer certificate"));
  CHECK(Contains(TryWith({}, server.get()), "certificate verify failed: "));
  CHECK(Contains(TryWith(Trusting(authority, "limpet.example"), server.get()),
                 "certificate verify failed: hostname mismatch"));
  CHECK(Contains(TryWith(Trusting(authority, "127.0.0.2"), server.get()),
                 "certificate verify failed: IP address mismatch"));
  // A name in the certificate does not stand for the address that was asked for.
  const auto names_only = TestServerContext(authority.Issue("DNS:127.0.0.1"));
  CHECK(Contains(TryWith(Trusting(authority), names_only.get()), "IP address mismatch"));
  const auto expired = TestServerContext(authority.Issue(kNames, -1));
  CHECK(Contains(TryWith(Trusting(authority), expired.get()),
                 "certificate verify failed: certificate has expired"));
  const auto self_signed = TestServerContext({authority.cert_pem(), authority.key_pem()});
  CHECK(Contains(TryWith(Trusting(stranger), self_signed.get()),
                 "certificate verify failed: self-signed certificate"));
}

TEST_CASE("the ca may be an issuing authority or the server's own certificate") {
  const TestAuthority root("limpet test root"), stranger("stranger");
  const TestAuthority issuing("limpet test issuing", &root);
  const TestCertificate own = issuing.Issue(kNames);
  const auto server = TestServerContext(own);
  CHECK(TryWith(Trusting(issuing), server.get()) == "ok");
  TlsConfig pinned;
  pinned.ca = own.cert_pem;
  CHECK(TryWith(pinned, server.get()) == "ok");
  pinned.server_name = "other.name";
  CHECK(Contains(TryWith(pinned, server.get()), "hostname mismatch"));
  // Another certificate of the same authority is no reason to believe this one.
  pinned = {};
  pinned.ca = issuing.Issue(kNames).cert_pem;
  CHECK(Contains(TryWith(pinned, server.get()), "certificate verify failed: "));
  CHECK(Contains(TryWith(Trusting(stranger), server.get()), "certificate verify failed: "));
  // The server does not show what leads from its own to the root.
  CHECK(Contains(TryWith(Trusting(root), server.get()), "certificate verify failed: "));
}

TEST_CASE("a common name is no host name") {
  const TestAuthority authority("limpet test authority");
  for (const char* const names : {"", "IP:127.0.0.1"}) {
    CAPTURE(names);
    const auto server = TestServerContext(authority.Issue(names, 1, "localhost"));
    CHECK(Contains(TryWith(Trusting(authority, "localhost"), server.get()),
                   "certificate verify failed: hostname mismatch"));
  }
}

TEST_CASE("insecure_skip_verify believes everybody") {
  const TestAuthority authority("limpet test authority"), stranger("stranger");
  TlsConfig config = Trusting(stranger, "other.name");
  config.insecure_skip_verify = true;
  const auto expired = TestServerContext(authority.Issue("DNS:a", -1));
  CHECK(TryWith(config, expired.get()) == "ok");
}

TEST_CASE("a server may ask for a certificate of ours") {
  const TestAuthority authority("limpet test authority"), stranger("stranger");
  const auto server = TestServerContext(authority.Issue(kNames), authority.cert_pem());
  TlsConfig config = Trusting(authority);
  for (const auto version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    SSL_CTX_set_max_proto_version(server.get(), version);
    const TestCertificate own = authority.Issue("DNS:client");
    config.cert = own.cert_pem;
    config.key = Secret(own.key_pem);
    CHECK(TryWith(config, server.get()) == "ok");
    const TestCertificate other = stranger.Issue("DNS:client");
    config.cert = other.cert_pem;
    config.key = Secret(other.key_pem);
    const std::string refused = TryWith(config, server.get());
    CAPTURE(refused);
    CHECK(Contains(refused, "alert unknown ca"));
  }
}

TEST_CASE("min_version rules out older servers") {
  const TestAuthority authority("limpet test authority");
  const auto server = TestServerContext(authority.Issue(kNames));
  SSL_CTX_set_max_proto_version(server.get(), TLS1_2_VERSION);
  TlsConfig config = Trusting(authority);
  CHECK(TryWith(config, server.get()) == "ok");
  config.min_version = "TLS13";
  CHECK(Contains(TryWith(config, server.get()), "TLS handshake with 127.0.0.1:"));
  config.min_version = "TLS10";
  CHECK(TryWith(config, server.get()) == "ok");
  config.min_version = "SSL3";
  CHECK(Contains(CreateError(config), "min_version"));
}

TEST_CASE("the server is told the name and the protocol") {
  const TestAuthority authority("limpet test authority");
  const auto server = TestServerContext(authority.Issue(kNames));
  static std::string sni, protocols;
  sni = protocols = "";
  SSL_CTX_set_alpn_select_cb(
      server.get(),
      [](SSL* ssl, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
         unsigned int in_size, void*) {
        const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
        sni = name != nullptr ? name : "";
        protocols.assign(reinterpret_cast<const char*>(in), in_size);
        *out = in + 1;
        *out_size = in[0];
        return SSL_TLSEXT_ERR_OK;
      },
      nullptr);
  CHECK(TryWith(Trusting(authority, "localhost"), server.get()) == "ok");
  CHECK(sni == "localhost");
  CHECK(protocols == "\x08http/1.1");
  CHECK(TryWith(Trusting(authority), server.get()) == "ok");
  CHECK(sni == "");  // addresses are no SNI (RFC 6066, 3)
}

TEST_CASE("a TLS connection is kept, carries large bodies, and is opened anew once") {
  const TestAuthority authority("limpet test authority");
  const auto server_context = TestServerContext(authority.Issue(kNames));
  const std::string large(3 * 1024 * 1024 + 1, 'x');
  std::string received;
  ScriptedServer server({[&](ScriptedPeer& peer) {
                           peer.ReadHead();
                           received = peer.ReadBytes(large.size());
                           peer.Write("HTTP/1.1 200 OK\r\nContent-Length: " +
                                      std::to_string(large.size()) + "\r\n\r\n");
                           peer.Write(large);
                           peer.ReadHead();
                           peer.Write(kHello);
                           peer.ReadHead();
                         },
                         AnswersTwice()},
                        server_context.get());
  EventLoop loop;
  const auto context = TlsContext::Create(Trusting(authority)).value();
  HttpConnection connection(loop, LoopbackUrl(server.port(), "https"), context);
  HttpRequest post;
  post.method = "POST";
  post.body = large;
  const auto first = Exchange(loop, connection, post);
  CHECK(first.error == "");
  CHECK((received == large));
  CHECK((first.body == large));
  CHECK(Exchange(loop, connection).body == "hello");
  CHECK(server.connections() == 1);
  CHECK(Exchange(loop, connection).body == "hello");
  CHECK(server.connections() == 2);
}

TEST_CASE("what is no TLS server ends the handshake") {
  const TestAuthority authority("limpet test authority");
  const ScriptedServer::Script speaks_http = [](ScriptedPeer& peer) {
    peer.Write("HTTP/1.1 400 Bad Request\r\n\r\n");
    peer.WaitForClose();
  };
  const ScriptedServer::Script silent = [](ScriptedPeer& peer) { peer.WaitForClose(); };
  const ScriptedServer::Script closes = [](ScriptedPeer&) {};
  ScriptedServer server({speaks_http, silent, closes});
  EventLoop loop;
  const auto context = TlsContext::Create(Trusting(authority)).value();
  HttpConnection connection(loop, LoopbackUrl(server.port(), "https"), context);
  CHECK(Contains(Exchange(loop, connection).error, ": wrong version number"));
  const auto late = Exchange(loop, connection, {}, Millis(50));
  CHECK(Contains(late.error, "timeout in the TLS handshake with 127.0.0.1:"));
  CHECK(Contains(Exchange(loop, connection).error, "TLS handshake with 127.0.0.1:"));
}

TEST_CASE("settings that cannot be used are errors that name their source") {
  const TestAuthority authority("limpet test authority");
  const TestCertificate own = authority.Issue("DNS:client");
  TlsConfig config;
  config.ca_file = "/nonexistent/ca.pem";
  CHECK(Contains(CreateError(config), "ca_file: "));
  CHECK(Contains(CreateError(config), "/nonexistent/ca.pem"));
  config = {};
  config.ca = "no PEM";
  CHECK(CreateError(config) == "ca: no certificate in it");
  config.ca = authority.cert_pem().substr(0, 200);
  CHECK(Contains(CreateError(config), "ca: "));
  config = {};
  config.cert = own.cert_pem;
  CHECK(CreateError(config) == "a client certificate needs a client key");
  config.key = Secret("no PEM");
  CHECK(Contains(CreateError(config), "key: no private key in it"));
  config.key = Secret(authority.Issue("DNS:client").key_pem);
  CHECK(Contains(CreateError(config), "does not fit the certificate"));
  config.cert.clear();
  CHECK(CreateError(config) == "a client key needs a client certificate");
}

TEST_CASE("files serve as well as values") {
  const std::string directory =
      (std::filesystem::temp_directory_path() / ("limpet-tls-" + std::to_string(getpid())))
          .string();
  std::filesystem::create_directory(directory);
  const auto write = [&](const std::string& name, const std::string& content) {
    std::ofstream(directory + "/" + name) << content;
    return directory + "/" + name;
  };
  const TestAuthority authority("limpet test authority"), other("other");
  const TestCertificate own = authority.Issue("DNS:client");
  TlsConfig config;
  config.ca_file = write("ca.pem", "# two of them\n" + other.cert_pem() + authority.cert_pem());
  config.cert_file = write("cert.pem", own.cert_pem + authority.cert_pem());
  config.key_file = write("key.pem", own.key_pem);
  const auto server = TestServerContext(authority.Issue(kNames), authority.cert_pem());
  CHECK(TryWith(config, server.get()) == "ok");
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace limpet
