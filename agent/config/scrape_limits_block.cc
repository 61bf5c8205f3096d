#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <string>
#include <system_error>

#include "agent/config/blocks.h"

namespace limpet {

namespace {

bool ParseProtocol(ReadContext& context, const YamlNode& node, const std::string& path,
                   ScrapeProtocol& protocol) {
  const std::optional<std::string> name = ReadText(context, node, path, "a scrape protocol");
  if (!name) return false;
  const auto known = ScrapeProtocolOf(*name);
  if (!known) {
    context.AddError(node.place, path,
                     "expected one of " + ScrapeProtocolList() + ", found " + DescribeNode(node));
    return false;
  }
  protocol = *known;
  return true;
}

void ReadProtocols(MappingReader& reader, ScrapeDefaults& scrape) {
  const YamlNode* list = reader.Find("scrape_protocols");
  if (list != nullptr) {
    std::vector<ScrapeProtocol> protocols;
    reader.List("scrape_protocols", [&](const YamlNode& item, const std::string& path) {
      ScrapeProtocol protocol{};
      if (!ParseProtocol(reader.context(), item, path, protocol)) return;
      if (std::find(protocols.begin(), protocols.end(), protocol) != protocols.end()) {
        reader.context().AddError(item.place, path, "is in the list already");
      }
      protocols.push_back(protocol);
    });
    if (list->kind == YamlNode::Kind::kList && list->items.empty()) {
      reader.ValueError("scrape_protocols", "must not be empty");
    }
    scrape.scrape_protocols = std::move(protocols);
  }
  const YamlNode* node = reader.Find("fallback_scrape_protocol");
  if (node != nullptr && !(node->kind == YamlNode::Kind::kScalar && node->text.empty())) {
    ScrapeProtocol protocol{};
    if (ParseProtocol(reader.context(), *node, reader.PathOf("fallback_scrape_protocol"),
                      protocol)) {
      scrape.fallback_scrape_protocol = protocol;
    }
  }
}

}  // namespace

void ReadNativeHistogramLimits(MappingReader& reader, ScrapeConfig& scrape) {
  reader.Unsigned("native_histogram_bucket_limit", scrape.native_histogram_bucket_limit);
  constexpr const char* kFactor = "native_histogram_min_bucket_factor";
  std::string text;
  if (!reader.Text(kFactor, text)) return;
  const char* end = text.data() + text.size();
  const auto [rest, error] =
      std::from_chars(text.data(), end, scrape.native_histogram_min_bucket_factor);
  if (error != std::errc() || rest != end ||
      !std::isfinite(scrape.native_histogram_min_bucket_factor)) {
    reader.ValueError(
        kFactor, "expected a number such as 1.1, found " + DescribeNode(*reader.Find(kFactor)));
  }
}

void ReadScrapeDefaults(MappingReader& reader, ScrapeDefaults& scrape) {
  const ScrapeDefaults before = scrape;
  ReadProtocols(reader, scrape);
  reader.Bool("extra_scrape_metrics", scrape.extra_scrape_metrics);
  reader.Bool("scrape_native_histograms", scrape.scrape_native_histograms);
  reader.Bool("always_scrape_classic_histograms", scrape.always_scrape_classic_histograms);
  reader.Bool("convert_classic_histograms_to_nhcb", scrape.convert_classic_histograms_to_nhcb);
  reader.ByteSize("body_size_limit", scrape.body_size_limit);
  // As in Prometheus 0 is "as the global block says", for which there is no other word.
  if (scrape.body_size_limit == 0) scrape.body_size_limit = before.body_size_limit;
  const auto read_limit = [&](const char* key, uint64_t ScrapeDefaults::*limit) {
    reader.Unsigned(key, scrape.*limit);
    if (scrape.*limit == 0) scrape.*limit = before.*limit;
  };
  read_limit("sample_limit", &ScrapeDefaults::sample_limit);
  read_limit("target_limit", &ScrapeDefaults::target_limit);
  read_limit("label_limit", &ScrapeDefaults::label_limit);
  read_limit("label_name_length_limit", &ScrapeDefaults::label_name_length_limit);
  read_limit("label_value_length_limit", &ScrapeDefaults::label_value_length_limit);
  read_limit("keep_dropped_targets", &ScrapeDefaults::keep_dropped_targets);
}

}  // namespace limpet
