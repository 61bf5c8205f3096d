#include "agent/scrape/scrape_answer.h"

#include <array>
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

}  // namespace

std::string HttpStatusText(int status) {
  for (const auto& [known, reason] : kReasons) {
    if (known == status) return std::to_string(status) + " " + std::string(reason);
  }
  return std::to_string(status);
}

Result<void> CheckContentType(std::string_view content_type) {
  if (content_type.empty()) {
    return Error{"target sent no Content-Type; expected text/plain"};
  }
  const std::string media_type = TrimmedLower(content_type.substr(0, content_type.find(';')));
  if (media_type == "text/plain") return {};
  return Error{"received unsupported Content-Type " + QuotedExcerpt(content_type) +
               "; expected text/plain"};
}

Result<ContentCoding> ParseContentCoding(std::string_view content_encoding) {
  const std::string coding = TrimmedLower(content_encoding);
  if (coding.empty() || coding == "identity") return ContentCoding::kIdentity;
  if (coding == "gzip" || coding == "x-gzip") return ContentCoding::kGzip;
  return Error{"received unsupported Content-Encoding " + QuotedExcerpt(content_encoding)};
}

}  // namespace limpet
