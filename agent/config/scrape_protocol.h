// The formats that a scrape can ask for, by the names that Prometheus' configuration has for them.
//
// Who calls it: what reads them from files and options, and scrape/, which makes the Accept header
// of them; any thread.
#ifndef LIMPET_AGENT_CONFIG_SCRAPE_PROTOCOL_H_
#define LIMPET_AGENT_CONFIG_SCRAPE_PROTOCOL_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace limpet {

enum class ScrapeProtocol : uint8_t {
  kOpenMetricsText1_0_0,
  kOpenMetricsText0_0_1,
  kPrometheusText1_0_0,
  kPrometheusText0_0_4,
  kPrometheusProto,
};

inline constexpr std::string_view kScrapeProtocolNames[] = {
    "OpenMetricsText1.0.0", "OpenMetricsText0.0.1", "PrometheusText1.0.0", "PrometheusText0.0.4",
    "PrometheusProto"};

inline std::optional<ScrapeProtocol> ScrapeProtocolOf(std::string_view name) {
  const auto* const end = std::end(kScrapeProtocolNames);
  const auto* const known = std::find(std::begin(kScrapeProtocolNames), end, name);
  if (known == end) return std::nullopt;
  return static_cast<ScrapeProtocol>(known - std::begin(kScrapeProtocolNames));
}

// All names, for an error.
inline std::string ScrapeProtocolList() {
  std::string list;
  for (const std::string_view name : kScrapeProtocolNames) {
    list.append(list.empty() ? "" : ", ").append(name);
  }
  return list;
}

// Native histograms are in no other format than the last one.
inline std::vector<ScrapeProtocol> DefaultScrapeProtocols(bool native_histograms = false) {
  std::vector<ScrapeProtocol> protocols = {
      ScrapeProtocol::kOpenMetricsText1_0_0, ScrapeProtocol::kOpenMetricsText0_0_1,
      ScrapeProtocol::kPrometheusText1_0_0, ScrapeProtocol::kPrometheusText0_0_4};
  if (native_histograms) protocols.insert(protocols.begin(), ScrapeProtocol::kPrometheusProto);
  return protocols;
}

}  // namespace limpet

#endif  // LIMPET_AGENT_CONFIG_SCRAPE_PROTOCOL_H_
