#include "agent/platform/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "agent/platform/utf8.h"

namespace limpet {
namespace {

constexpr size_t kUrlBytesMax = 64 * 1024;
constexpr size_t kHostBytesMax = 253;  // RFC 1035, 2.3.4
constexpr uint16_t kHttpPort = 80;
constexpr uint16_t kHttpsPort = 443;

uint16_t DefaultPort(std::string_view scheme) { return scheme == "https" ? kHttpsPort : kHttpPort; }

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

void AppendPercentEncoded(char c, std::string& out) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += kDigits[byte >> 4];
  out += kDigits[byte & 15];
}

bool IsIpv6(std::string_view text) {
  in6_addr address;
  return inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1;
}

// What stands where a host or port should may be part of a password: no error quotes it.
Error BadAddressInBrackets() {
  return Error{"invalid host: must be an IPv6 address in brackets, with a port at most behind it"};
}

Result<void> CheckHostName(std::string_view host) {
  if (host.empty()) return Error{"host is missing"};
  if (host.size() > kHostBytesMax) return Error{"host is longer than 253 characters"};
  for (const char c : host) {
    if (IsControl(c)) return Error{"host contains a control character"};
    if (!IsAlphanumeric(c) && c != '-' && c != '.' && c != '_') {
      return Error{"invalid host: must be of letters, digits, '-', '.' and '_'"};
    }
  }
  return {};
}

// The text after a host's colon; as in Go, nothing there is the same as no port.
Result<uint16_t> ParsePort(std::string_view text) {
  if (text.empty()) return uint16_t{0};
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) {
    return Error{"invalid port: must be a number from 1 to 65535"};
  }
  return port;
}

// What goes into a request line must not contain spaces or bytes beyond ASCII.
std::string EncodeTarget(std::string_view text) {
  std::string target;
  target.reserve(text.size() + 1);
  if (text.empty() || text.front() != '/') target += '/';
  for (const char c : text.substr(0, text.find('#'))) {
    if (c == ' ' || c == '"' || c == '<' || c == '>' || static_cast<unsigned char>(c) >= 0x80) {
      AppendPercentEncoded(c, target);
    } else {
      target += c;
    }
  }
  return target;
}

// RFC 3986, 5.2.4, of a path that begins with a slash.
std::string WithoutDotSegments(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    const bool up = segment == "/..";
    if (up) out.resize(out.empty() ? 0 : out.rfind('/'));
    if (!up && segment != "/.") {
      out += segment;
    } else if (path.empty()) {
      out += '/';
    }
  }
  return out.empty() ? "/" : out;
}

bool HasScheme(std::string_view reference) {
  const size_t end = reference.find_first_of(":/?#");
  return end != reference.npos && end > 0 && reference[end] == ':';
}

bool SameLetters(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

std::string HostAndPort(const Url& url, bool with_port) {
  const bool v6 = url.host.find(':') != std::string::npos;
  std::string text = v6 ? "[" + url.host + "]" : url.host;
  if (with_port) text += ":" + std::to_string(url.port);
  return text;
}

}  // namespace

std::string Url::HostHeader() const { return HostAndPort(*this, port != DefaultPort(scheme)); }

std::string Url::ToString() const {
  return scheme + "://" + HostAndPort(*this, explicit_port || port != DefaultPort(scheme)) + target;
}

Result<std::pair<std::string, uint16_t>> SplitHostPort(std::string_view text) {
  std::string_view host = text;
  std::string_view port_text;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == text.npos) return Error{"missing ] in address"};
    host = text.substr(1, end - 1);
    if (!IsIpv6(host)) return BadAddressInBrackets();
    const std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') return BadAddressInBrackets();
    if (!rest.empty()) port_text = rest.substr(1);
  } else if (const size_t colon = text.find(':'); colon != text.npos) {
    if (text.find(':', colon + 1) == text.npos) {
      host = text.substr(0, colon);
      port_text = text.substr(colon + 1);
      if (auto ok = CheckHostName(host); !ok) return ok.error();
    } else if (!IsIpv6(text)) {
      return Error{"too many colons in address; an IPv6 address with a port needs brackets"};
    }
  } else if (auto ok = CheckHostName(host); !ok) {
    return ok.error();
  }
  auto port = ParsePort(port_text);
  if (!port) return port.error();
  return std::pair(std::string(host), *port);
}

Result<Url> ParseUrl(std::string_view text) {
  if (text.size() > kUrlBytesMax) return Error{"URL is longer than 64 KiB"};
  if (HasControl(text)) {
    return Error{"URL contains a control character"};
  }
  const size_t scheme_end = text.find("://");
  if (scheme_end == text.npos) return Error{"URL must start with http:// or https://"};
  Url url;
  url.scheme = text.substr(0, scheme_end);
  for (char& c : url.scheme) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (url.scheme != "http" && url.scheme != "https") {
    return Error{"URL must start with http:// or https://"};
  }
  const std::string_view rest = text.substr(scheme_end + 3);
  const size_t authority_end = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view authority = rest.substr(0, authority_end);
  // A ? or # in a password ends the authority early: its host would be the user's name.
  const bool ends_early = authority_end < rest.size() && rest[authority_end] != '/';
  if ((ends_early ? rest : authority).find('@') != rest.npos) {
    return Error{"URL must not contain a user name or password"};
  }
  if (!authority.starts_with('[') && std::count(authority.begin(), authority.end(), ':') > 1) {
    return Error{"an IPv6 address in a URL needs brackets"};
  }
  auto host_port = SplitHostPort(authority);
  if (!host_port) return Error{"URL: " + host_port.error().message};
  url.host = std::move(host_port->first);
  url.explicit_port = host_port->second != 0;
  url.port = url.explicit_port ? host_port->second : DefaultPort(url.scheme);
  url.target = EncodeTarget(rest.substr(authority_end));
  return url;
}

Result<Url> ResolveReference(const Url& base, std::string_view reference) {
  if (HasScheme(reference)) return ParseUrl(reference);
  if (reference.starts_with("//")) return ParseUrl(base.scheme + ":" + std::string(reference));
  if (reference.size() > kUrlBytesMax) return Error{"URL is longer than 64 KiB"};
  if (HasControl(reference)) {
    return Error{"URL contains a control character"};
  }
  reference = reference.substr(0, reference.find('#'));
  Url url = base;
  if (reference.empty()) return url;
  const std::string_view base_path = std::string_view(base.target).substr(0, base.target.find('?'));
  const size_t question = std::min(reference.find('?'), reference.size());
  const std::string_view path = reference.substr(0, question);
  std::string resolved(base_path);
  if (path.starts_with('/')) {
    resolved = WithoutDotSegments(path);
  } else if (!path.empty()) {
    resolved = WithoutDotSegments(std::string(base_path.substr(0, base_path.rfind('/') + 1)) +
                                  std::string(path));
  }
  url.target = EncodeTarget(resolved.append(reference.substr(question)));
  return url;
}

bool IsSameOrigin(const Url& a, const Url& b) {
  return a.scheme == b.scheme && a.port == b.port && SameLetters(a.host, b.host);
}

std::string EncodeQuery(std::vector<std::pair<std::string, std::string>> params) {
  std::stable_sort(params.begin(), params.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string query;
  const auto append = [&query](std::string_view text) {
    for (const char c : text) {
      if (IsAlphanumeric(c) || c == '-' || c == '_' || c == '.' || c == '~') {
        query += c;
      } else if (c == ' ') {
        query += '+';
      } else {
        AppendPercentEncoded(c, query);
      }
    }
  };
  for (const auto& [key, value] : params) {
    if (!query.empty()) query += '&';
    append(key);
    query += '=';
    append(value);
  }
  return query;
}

}  // namespace limpet
