#include "agent/platform/tls_source.h"

#include <doctest/doctest.h>

#include "agent/platform/http_client_context.h"
#include "tests/discovery/temporary_directory.h"
#include "tests/platform/answering_server.h"
#include "tests/platform/http_client_harness.h"
#include "tests/platform/test_certificates.h"

namespace limpet {
namespace {

TlsConfig FilesIn(const TemporaryDirectory& directory, const TestCertificate& own,
                  const TestAuthority& authority) {
  TlsConfig config;
  config.ca_file = directory.File("ca.pem");
  config.cert_file = directory.File("cert.pem");
  config.key_file = directory.File("key.pem");
  directory.Write("ca.pem", authority.cert_pem());
  directory.Write("cert.pem", own.cert_pem);
  directory.Write("key.pem", own.key_pem);
  return config;
}

TEST_CASE("equal settings share one source, and its files are looked at once a second at most") {
  const TestAuthority authority("limpet test authority");
  const TemporaryDirectory directory;
  TlsConfig config = FilesIn(directory, authority.Issue("DNS:client"), authority);
  const auto source = TlsSource::For(config);
  CHECK(source == TlsSource::For(config));
  config.server_name = "other";
  CHECK(source != TlsSource::For(config));

  SteadyTime now{std::chrono::hours(1)};
  const auto first = source->Get(now).value();
  now += Millis(1000);
  CHECK(source->Get(now).value() == first);
  directory.Write("ca.pem", TestAuthority("other").cert_pem());
  now += Millis(999);
  CHECK(source->Get(now).value() == first);
  now += Millis(1);
  CHECK(source->Get(now).value() != first);
}

TEST_CASE("a pair that is half written leaves the former one in use") {
  const TestAuthority authority("limpet test authority");
  const TemporaryDirectory directory;
  const TestCertificate next = authority.Issue("DNS:client");
  TlsSource source(FilesIn(directory, authority.Issue("DNS:client"), authority));
  SteadyTime now{std::chrono::hours(1)};
  const auto first = source.Get(now).value();
  directory.Write("cert.pem", next.cert_pem);
  now += Millis(1000);
  CHECK(source.Get(now).value() == first);
  directory.Write("key.pem", next.key_pem);
  now += Millis(1000);
  CHECK(source.Get(now).value() != first);
}

TEST_CASE("without a first context there is an error, until the files are there") {
  const TestAuthority authority("limpet test authority");
  const TemporaryDirectory directory;
  TlsConfig config;
  config.ca_file = directory.File("ca.pem");
  TlsSource source(config);
  SteadyTime now{std::chrono::hours(1)};
  CHECK(Contains(source.Get(now).error().message, directory.File("ca.pem")));
  directory.Write("ca.pem", authority.cert_pem());
  CHECK_FALSE(source.Get(now).has_value());
  now += Millis(1000);
  CHECK(source.Get(now).has_value());
}

TEST_CASE("a kept connection is closed once certificates have been replaced, others stay") {
  const TestAuthority old_authority("old"), new_authority("new");
  const TemporaryDirectory directory;
  const auto server_tls =
      TestServerContext(old_authority.Issue("IP:127.0.0.1"), old_authority.cert_pem());
  AnsweringServer server([](const std::string&) { return AnswerOf("200 OK", "ok"); },
                         server_tls.get());
  HttpClientConfig config;
  config.tls = FilesIn(directory, old_authority.Issue("DNS:client"), old_authority);
  EventLoop loop;
  const auto context = HttpClientContext::Create(loop, config);
  const uint64_t version = context->Version();
  CHECK(context->Version() == version);
  HttpConnection connection(context, LoopbackUrl(server.port(), "https"));
  CHECK(Exchange(loop, connection).body == "ok");
  CHECK(Exchange(loop, connection).body == "ok");
  CHECK(server.connections() == 1);

  // The client's certificate is of an authority now that the server does not take.
  const TestCertificate own = new_authority.Issue("DNS:client");
  directory.Write("cert.pem", own.cert_pem);
  directory.Write("key.pem", own.key_pem);
  std::string error;
  CHECK(RunUntil(loop, [&] {
    loop.RunFor(Millis(100));
    error = Exchange(loop, connection).error;
    return !error.empty();
  }));
  CHECK(server.connections() > 1);
  CHECK(context->Version() != version);
  directory.Write("ca.pem", new_authority.cert_pem());
  CHECK(RunUntil(loop, [&] {
    loop.RunFor(Millis(100));
    return Contains(Exchange(loop, connection).error, "certificate verify failed");
  }));
}

}  // namespace
}  // namespace limpet
