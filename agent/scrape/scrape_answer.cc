#include "agent/scrape/scrape_answer.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "agent/scrape/error_excerpt.h"

namespace limpet {
namespace {

// RFC 9110, 15; others are shown by their number.
constexpr std::array<std::pair<int, std::string_view>, 27> kReasons = {{
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {410, "Gone"},
    {413, "Request Entity Too Large"},
    {415, "Unsupported Media Type"},
    {421, "Misdirected Request"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {500, "Internal Server Error"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
}};

std::string TrimmedLower(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  text = text.substr(first, text.find_last_not_of(" \t") - first + 1);
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > 0x20 && c < 0x7f &&
           std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
  });
}

// Takes the next parameter's "name=value" off the front of `rest`, which begins with its semicolon.
bool TakeParameter(std::string_view& rest, std::string& name) {
  const size_t equals = rest.find('=');
  if (equals == rest.npos) return false;
  name = TrimmedLower(rest.substr(1, equals - 1));
  if (!IsToken(name)) return false;
  rest.remove_prefix(equals + 1);
  if (rest.empty() || rest.front() != '"') {
    const size_t value_end = std::min(rest.size(), rest.find_first_of("; \t"));
    const bool good = IsToken(rest.substr(0, value_end));
    rest.remove_prefix(value_end);
    return good;
  }
  size_t i = 1;
  while (i < rest.size() && rest[i] != '"') i += rest[i] == '\\' ? 2 : 1;
  if (i >= rest.size()) return false;
  rest.remove_prefix(i + 1);
  return true;
}

// Without its parameters; empty where they or it are malformed, as Go's mime.ParseMediaType has it.
std::string MediaTypeOf(std::string_view content_type) {
  const size_t type_end = std::min(content_type.size(), content_type.find(';'));
  const std::string media_type = TrimmedLower(content_type.substr(0, type_end));
  const size_t slash = media_type.find('/');
  if (slash == media_type.npos || !IsToken(media_type.substr(0, slash)) ||
      !IsToken(media_type.substr(slash + 1))) {
    return {};
  }
  std::string_view rest = content_type.substr(type_end);
  std::set<std::string> names;
  for (;;) {
    rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(" \t")));
    if (rest.empty() || rest == ";") return media_type;
    std::string name;
    if (rest.front() != ';') return {};
    if (TrimmedLower(rest.substr(1)).empty()) return media_type;
    if (!TakeParameter(rest, name) || !names.insert(name).second) return {};
  }
}

}  // namespace

std::string HttpStatusText(int status) {
  for (const auto& [known, reason] : kReasons) {
    if (known == status) return std::to_string(status) + " " + std::string(reason);
  }
  return std::to_string(status);
}

std::string AcceptHeader(const std::vector<ScrapeProtocol>& protocols) {
  static constexpr std::string_view kTypes[] = {
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8",
      "application/openmetrics-text;version=0.0.1",
      "text/plain;version=1.0.0;escaping=allow-utf-8",
      "text/plain;version=0.0.4",
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
  };
  // Prometheus knows five protocols, so it begins with 0.6, and anything else comes behind the
  // last.
  int weight = 6;
  std::string header;
  for (const ScrapeProtocol protocol : protocols) {
    header += kTypes[static_cast<size_t>(protocol)];
    header += ";q=0." + std::to_string(weight--) + ",";
  }
  return header + "*/*;q=0." + std::to_string(weight);
}

Result<PageFormat> FormatOf(std::string_view content_type, std::optional<ScrapeProtocol> fallback) {
  const std::string media_type = MediaTypeOf(content_type);
  if (media_type == "text/plain") return PageFormat::kPrometheusText;
  if (media_type == "application/openmetrics-text") return PageFormat::kOpenMetricsText;
  if (media_type == "application/vnd.google.protobuf") return PageFormat::kProtobuf;
  if (fallback) {
    if (*fallback == ScrapeProtocol::kPrometheusProto) return PageFormat::kProtobuf;
    const bool openmetrics = *fallback == ScrapeProtocol::kOpenMetricsText1_0_0 ||
                             *fallback == ScrapeProtocol::kOpenMetricsText0_0_1;
    return openmetrics ? PageFormat::kOpenMetricsText : PageFormat::kPrometheusText;
  }
  if (content_type.empty()) {
    return Error{"target sent no Content-Type and there is no fallback_scrape_protocol"};
  }
  return Error{"received unsupported Content-Type " + QuotedExcerpt(content_type) +
               " and there is no fallback_scrape_protocol"};
}

Result<ContentCoding> ParseContentCoding(std::string_view content_encoding) {
  const std::string coding = TrimmedLower(content_encoding);
  if (coding.empty() || coding == "identity") return ContentCoding::kIdentity;
  if (coding == "gzip" || coding == "x-gzip") return ContentCoding::kGzip;
  return Error{"received unsupported Content-Encoding " + QuotedExcerpt(content_encoding)};
}

}  // namespace limpet
