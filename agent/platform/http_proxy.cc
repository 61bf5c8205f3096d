#include "agent/platform/http_proxy.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include "agent/platform/http_target.h"

namespace limpet {
namespace {

// An address as 16 bytes, IPv4 as ::ffff:a.b.c.d.
using Address = std::array<unsigned char, 16>;

std::optional<Address> ParseAddress(std::string_view text) {
  const std::string name(text);
  Address address = {};
  if (inet_pton(AF_INET6, name.c_str(), address.data()) == 1) return address;
  address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (inet_pton(AF_INET, name.c_str(), address.data() + 12) == 1) return address;
  return std::nullopt;
}

bool IsV4(const Address& address) {
  static constexpr unsigned char kPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::memcmp(address.data(), kPrefix, sizeof(kPrefix)) == 0;
}

bool IsLoopback(const Address& address) {
  if (IsV4(address)) return address[12] == 127;
  static constexpr Address kLoopback = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return address == kLoopback;
}

bool IsInNetwork(const Address& address, const Address& network, unsigned bits) {
  for (unsigned bit = 0; bit < bits; ++bit) {
    const unsigned char mask = static_cast<unsigned char>(0x80 >> (bit % 8));
    if ((address[bit / 8] & mask) != (network[bit / 8] & mask)) return false;
  }
  return true;
}

// Nothing where the text is no network in CIDR notation.
std::optional<bool> MatchesNetwork(std::string_view text, const std::optional<Address>& address) {
  const size_t slash = text.find('/');
  if (slash == text.npos) return std::nullopt;
  const auto network = ParseAddress(text.substr(0, slash));
  const std::string_view digits = text.substr(slash + 1);
  unsigned bits = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (!network || parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size()) {
    return std::nullopt;
  }
  const bool v4 = text.find(':') == text.npos;
  if (bits > (v4 ? 32 : 128)) return std::nullopt;
  return address && IsV4(*address) == IsV4(*network) &&
         IsInNetwork(*address, *network, v4 ? bits + 96 : bits);
}

std::string Lower(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  std::string lower(text.substr(first, text.find_last_not_of(" \t") - first + 1));
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return lower;
}

bool MatchesEntry(const std::string& entry, const std::string& host, uint16_t port,
                  const std::optional<Address>& address) {
  if (entry == "*") return true;
  if (const auto matches = MatchesNetwork(entry, address)) return *matches;
  std::string_view name = entry;
  std::string_view entry_port;
  const size_t colon = entry.rfind(':');
  const bool bare_v6 = !entry.starts_with('[') && colon != entry.find(':');
  if (colon != entry.npos && !bare_v6 && !entry.ends_with(']')) {
    name = std::string_view(entry).substr(0, colon);
    entry_port = std::string_view(entry).substr(colon + 1);
  }
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  if (name.empty()) return false;
  if (!entry_port.empty() && entry_port != std::to_string(port)) return false;
  if (const auto entry_address = ParseAddress(name)) return address == entry_address;
  if (name.starts_with("*.")) name.remove_prefix(1);
  if (name.starts_with('.')) return host.ends_with(name);
  return host == name || host.ends_with("." + std::string(name));
}

Result<HttpProxy> FromEnvironment(const char* upper, const char* lower) {
  const char* value = std::getenv(upper);
  if (value == nullptr || *value == '\0') value = std::getenv(lower);
  if (value == nullptr || *value == '\0') return HttpProxy();
  const std::string text(value);
  auto proxy = ParseHttpProxy(text.find("://") == text.npos ? "http://" + text : text);
  if (!proxy) return Error{std::string(upper) + ": " + proxy.error().message};
  return proxy;
}

}  // namespace

Result<HttpProxy> ParseHttpProxy(std::string_view text) {
  HttpProxy proxy;
  std::string without(text);
  const size_t scheme_end = text.find("://");
  if (scheme_end != text.npos) {
    const size_t start = scheme_end + 3;
    const size_t authority_end = std::min(text.find('/', start), text.size());
    const size_t at = text.substr(0, authority_end).rfind('@');
    if (at != text.npos && at >= start) {
      auto credentials = PercentDecode(text.substr(start, at - start), false);
      if (!credentials) return Error{"the user's part of the URL is badly encoded"};
      if (credentials->find(':') == std::string::npos) *credentials += ':';
      proxy.credentials = Secret(*std::move(credentials));
      without = std::string(text.substr(0, start)) + std::string(text.substr(at + 1));
    }
  }
  auto url = ParseUrl(without);
  if (!url) return url.error();
  proxy.url = *std::move(url);
  return proxy;
}

bool IsExemptFromProxy(std::string_view no_proxy, const Url& url) {
  const std::string host = Lower(url.host);
  const auto address = ParseAddress(host);
  if (host == "localhost" || (address && IsLoopback(*address))) return true;
  while (!no_proxy.empty()) {
    const size_t comma = std::min(no_proxy.find(','), no_proxy.size());
    const std::string entry = Lower(no_proxy.substr(0, comma));
    no_proxy.remove_prefix(std::min(comma + 1, no_proxy.size()));
    if (!entry.empty() && MatchesEntry(entry, host, url.port, address)) return true;
  }
  return false;
}

HttpProxyChoice::HttpProxyChoice(HttpProxyConfig config)
    : config_(std::move(config)), http_(HttpProxy()), https_(HttpProxy()) {
  if (config_.from_environment) {
    http_ = FromEnvironment("HTTP_PROXY", "http_proxy");
    https_ = FromEnvironment("HTTPS_PROXY", "https_proxy");
    const char* no_proxy = std::getenv("NO_PROXY");
    if (no_proxy == nullptr || *no_proxy == '\0') no_proxy = std::getenv("no_proxy");
    config_.no_proxy = no_proxy == nullptr ? "" : no_proxy;
  } else if (config_.proxy) {
    http_ = https_ = *config_.proxy;
  }
}

Result<const HttpProxy*> HttpProxyChoice::For(const Url& url) const {
  if (!any()) return nullptr;
  const bool exempts = config_.from_environment || !config_.no_proxy.empty();
  if (exempts && IsExemptFromProxy(config_.no_proxy, url)) return nullptr;
  const Result<HttpProxy>& proxy = url.scheme == "https" ? https_ : http_;
  if (!proxy) return proxy.error();
  return proxy->url.host.empty() ? nullptr : &*proxy;
}

}  // namespace limpet
