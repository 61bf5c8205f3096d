#include "agent/scrape_url.h"

#include <algorithm>
#include <optional>

#include "agent/platform/url.h"

namespace limpet {
namespace {

std::optional<int> HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

std::string Decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto high = text[i] == '%' && i + 2 < text.size() ? HexDigit(text[i + 1]) : std::nullopt;
    const auto low = high ? HexDigit(text[i + 2]) : std::nullopt;
    if (low) {
      out += static_cast<char>(*high * 16 + *low);
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

void ReadQuery(std::string_view query, ScrapeConfig& job) {
  job.params.clear();
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    job.params[Decoded(pair.substr(0, equals), true)].push_back(
        Decoded(pair.substr(std::min(equals + 1, pair.size())), true));
  }
}

}  // namespace

Result<std::string> ApplyScrapeUrl(std::string_view text, ScrapeConfig& job) {
  const size_t scheme_end = text.find("://");
  const std::string whole =
      scheme_end == text.npos ? job.scheme + "://" + std::string(text) : std::string(text);
  auto url = ParseUrl(whole);
  if (!url) return url.error();
  job.scheme = url->scheme;
  const size_t authority = whole.find("://") + 3;
  const size_t authority_end = std::min(whole.find_first_of("/?#", authority), whole.size());
  const size_t query = url->target.find('?');
  if (authority_end < whole.size() && whole[authority_end] == '/') {
    job.metrics_path = Decoded(std::string_view(url->target).substr(0, query), false);
  }
  if (query != std::string::npos) ReadQuery(std::string_view(url->target).substr(query + 1), job);
  return whole.substr(authority, authority_end - authority);
}

}  // namespace limpet
