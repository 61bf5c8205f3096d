#include "agent/platform/url.h"

#include <doctest/doctest.h>

namespace limpet {
namespace {

std::string UrlError(std::string_view text) {
  const auto url = ParseUrl(text);
  return url ? "no error: " + url->ToString() : url.error().message;
}

std::string RoundTrip(std::string_view text) {
  const auto url = ParseUrl(text);
  return url ? url->ToString() : "error: " + url.error().message;
}

TEST_CASE("a URL is taken apart") {
  const auto url = ParseUrl("http://a.example:9100/metrics?x=1&y=2");
  REQUIRE(url.has_value());
  CHECK(url->scheme == "http");
  CHECK(url->host == "a.example");
  CHECK(url->port == 9100);
  CHECK(url->explicit_port);
  CHECK(url->target == "/metrics?x=1&y=2");
  CHECK(url->HostHeader() == "a.example:9100");
}

TEST_CASE("the scheme's own port is implied") {
  CHECK(ParseUrl("http://a")->port == 80);
  CHECK(ParseUrl("https://a")->port == 443);
  CHECK_FALSE(ParseUrl("https://a")->explicit_port);
  CHECK(ParseUrl("https://a:/x")->port == 443);
  CHECK(ParseUrl("http://a:80")->HostHeader() == "a");
  CHECK(ParseUrl("http://a:443")->HostHeader() == "a:443");
  CHECK(ParseUrl("https://a:443")->HostHeader() == "a");
}

TEST_CASE("URLs are put together as they were written") {
  CHECK(RoundTrip("http://a") == "http://a/");
  CHECK(RoundTrip("HTTPS://a:443/x") == "https://a:443/x");
  CHECK(RoundTrip("http://a?x=1") == "http://a/?x=1");
  CHECK(RoundTrip("http://a/x#part") == "http://a/x");
  CHECK(RoundTrip("http://a#part") == "http://a/");
  CHECK(RoundTrip("http://a/a b\xc3\xa4%20") == "http://a/a%20b%C3%A4%20");
  CHECK(RoundTrip("http://[::1]:8429/x") == "http://[::1]:8429/x");
  CHECK(RoundTrip("http://[2001:db8::1]") == "http://[2001:db8::1]/");
  CHECK(RoundTrip("http://pod_a-1.ns.svc./") == "http://pod_a-1.ns.svc./");
}

TEST_CASE("an IPv6 host has no brackets, its Host header does") {
  const auto url = ParseUrl("https://[::1]:8429/x");
  REQUIRE(url.has_value());
  CHECK(url->host == "::1");
  CHECK(url->HostHeader() == "[::1]:8429");
}

TEST_CASE("credentials in a URL are refused and not repeated") {
  for (const char* text : {"http://user:hunter2@a/", "http://user:hunter2@[::1]:x/",
                           "http://hunter2:@/", "https://a:hunter2@b:c@d"}) {
    const std::string error = UrlError(text);
    CHECK(error == "URL must not contain a user name or password");
  }
  for (const char* text :
       {"https://tok#en@h/x", "https://tok?en@h/x", "https://u:1#2@h", "https://u:hunter2?@h"}) {
    CHECK(UrlError(text) == "URL must not contain a user name or password");
  }
  CHECK(RoundTrip("http://a/user@b") == "http://a/user@b");
  CHECK(RoundTrip("http://a/x?mail=user@b") == "http://a/x?mail=user@b");
}

TEST_CASE("errors quote nothing of where a password may stand") {
  for (const char* text :
       {"https://user:hunter2/pw@h/x", "https://hunter2!/pw@h", "https://[hunter2]/pw@h",
        "https://[::1]hunter2/pw@h", "https://hunter2 x/", "https://[hunter2/pw@h",
        "https://a:hunter2:b/pw@h", "hunter2://a/"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseUrl(text).has_value());
    CHECK(UrlError(text).find("hunter2") == std::string::npos);
  }
  CHECK(UrlError("https://user:hunter2/pw@h/x") ==
        "URL: invalid port: must be a number from 1 to 65535");
}

TEST_CASE("bad URLs are errors") {
  for (const char* text : {"",
                           "a",
                           "a:80",
                           "//a/",
                           "ftp://a/",
                           "http:/a",
                           "http:a",
                           "http://",
                           "http:///x",
                           "http://:80/",
                           "http://a:0/",
                           "http://a:65536/",
                           "http://a:8x/",
                           "http://a:-1/",
                           "http://a b/",
                           "http://a%20b/",
                           "http://::1/",
                           "http://[::1/",
                           "http://[::1]x/",
                           "http://[a]/",
                           "http://[fe80::1%25eth0]/",
                           "http://[]/",
                           "http://a:1:2/",
                           "http://a\n/",
                           "http://a/\r\nX: y",
                           "http://a/\x7f",
                           "http://\xc3\xa4/"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseUrl(text).has_value());
  }
  CHECK_FALSE(ParseUrl(std::string_view("http://a/\0b", 11)).has_value());
  CHECK_FALSE(ParseUrl("http://" + std::string(254, 'a')).has_value());
  CHECK(ParseUrl("http://" + std::string(253, 'a')).has_value());
  CHECK_FALSE(ParseUrl("http://a/" + std::string(64 * 1024, 'a')).has_value());
}

TEST_CASE("a host and a port are split") {
  const auto split = [](std::string_view text) -> std::string {
    const auto result = SplitHostPort(text);
    return result ? result->first + " " + std::to_string(result->second) : "error";
  };
  CHECK(split("a:80") == "a 80");
  CHECK(split("a") == "a 0");
  CHECK(split("a:") == "a 0");
  CHECK(split("10.0.0.1:9100") == "10.0.0.1 9100");
  CHECK(split("[::1]:9100") == "::1 9100");
  CHECK(split("[::1]") == "::1 0");
  CHECK(split("::1") == "::1 0");
  CHECK(split("") == "error");
  CHECK(split(":80") == "error");
  CHECK(split("a:b:c") == "error");
  CHECK(split("[::1]9100") == "error");
  CHECK(split("a/b:80") == "error");
  CHECK(split("a:99999") == "error");
}

TEST_CASE("a query is encoded as Go's url.Values.Encode does") {
  CHECK(EncodeQuery({}).empty());
  CHECK(EncodeQuery({{"b", "2"}, {"a", "z"}, {"a", "y"}}) == "a=z&a=y&b=2");
  CHECK(EncodeQuery({{"match[]", "up{a=\"b c\"}"}}) == "match%5B%5D=up%7Ba%3D%22b+c%22%7D");
  CHECK(EncodeQuery({{"k", "-_.~+/\xc3\xa4"}}) == "k=-_.~%2B%2F%C3%A4");
  CHECK(EncodeQuery({{"k", ""}}) == "k=");
}

TEST_CASE("a reference is resolved as RFC 3986 does it") {
  const Url base = ParseUrl("http://a:81/b/c/d?q").value();
  const auto resolve = [&](const char* reference) {
    const auto url = ResolveReference(base, reference);
    return url ? url->ToString() : "error: " + url.error().message;
  };
  CHECK(resolve("g") == "http://a:81/b/c/g");
  CHECK(resolve("./g/") == "http://a:81/b/c/g/");
  CHECK(resolve("/g?y#s") == "http://a:81/g?y");
  CHECK(resolve("?y") == "http://a:81/b/c/d?y");
  CHECK(resolve("") == "http://a:81/b/c/d?q");
  CHECK(resolve("#s") == "http://a:81/b/c/d?q");
  CHECK(resolve("..") == "http://a:81/b/");
  CHECK(resolve("../g") == "http://a:81/b/g");
  CHECK(resolve("../../../g") == "http://a:81/g");
  CHECK(resolve("g;x=1/../y") == "http://a:81/b/c/y");
  CHECK(resolve("g?y/../x") == "http://a:81/b/c/g?y/../x");
  CHECK(resolve("//g/x") == "http://g/x");
  CHECK(resolve("HTTPS://g") == "https://g/");
  CHECK(resolve("a b") == "http://a:81/b/c/a%20b");
  CHECK(resolve("mailto:s3cret") == "error: URL must start with http:// or https://");
  CHECK(resolve("http://u:s3cret@h/") == "error: URL must not contain a user name or password");
  CHECK(resolve("/a\r\nX: y") == "error: URL contains a control character");
}

TEST_CASE("an origin is scheme, host and port") {
  const auto same = [](const char* a, const char* b) {
    return IsSameOrigin(ParseUrl(a).value(), ParseUrl(b).value());
  };
  CHECK(same("http://a/x", "http://A:80/y"));
  CHECK_FALSE(same("http://a", "https://a"));
  CHECK_FALSE(same("http://a", "http://a:81"));
  CHECK_FALSE(same("http://a", "http://b"));
}

}  // namespace
}  // namespace limpet
