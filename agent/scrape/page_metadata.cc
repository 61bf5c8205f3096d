#include "agent/scrape/page_metadata.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <unordered_map>

#include "agent/scrape/exposition_tokens.h"
#include "agent/scrape/report_series.h"

namespace limpet {
namespace {

// `name` without the first of the suffixes that it ends in.
std::string_view WithoutSuffix(std::string_view name,
                               std::initializer_list<std::string_view> suffixes) {
  for (const std::string_view suffix : suffixes) {
    if (name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
  }
  return name;
}

void Apply(const MetadataLine& line, PageFormat format, MetricMetadata& metadata) {
  switch (line.kind) {
    case MetadataLine::Kind::kType:
      metadata.type = line.type;
      break;
    case MetadataLine::Kind::kHelp:
      metadata.help = format == PageFormat::kProtobuf
                          ? std::string(line.text)
                          : Unescaped(line.text, format == PageFormat::kOpenMetricsText);
      break;
    case MetadataLine::Kind::kUnit:
      metadata.unit = line.text;
      break;
  }
}

}  // namespace

bool IsPartOfFamily(std::string_view metric, std::string_view family, MetricType type) {
  if (!metric.starts_with(family)) return false;
  switch (type) {
    case MetricType::kCounter:
      return WithoutSuffix(metric, {"_total"}) == WithoutSuffix(family, {"_total"});
    case MetricType::kHistogram:
      return WithoutSuffix(metric, {"_bucket", "_sum", "_count"}) == family;
    case MetricType::kGaugeHistogram:
      return WithoutSuffix(metric, {"_bucket", "_gsum", "_gcount"}) == family;
    case MetricType::kSummary:
      return WithoutSuffix(metric, {"_sum", "_count"}) == family;
    case MetricType::kInfo:
      return WithoutSuffix(metric, {"_info"}) == WithoutSuffix(family, {"_info"});
    default:
      return metric == family;
  }
}

PageMetadata::PageMetadata(const std::vector<ScannedMetadata>& scanned, PageFormat format,
                           size_t report_series, MetadataTables& tables) {
  MetadataEntries entries;
  std::unordered_map<std::string_view, MetricMetadata> known;
  known.reserve(scanned.size() / 2);
  for (size_t i = 0; i < scanned.size(); ++i) {
    const ScannedMetadata& line = scanned[i];
    const auto [it, is_new] = known.try_emplace(line.metadata.family);
    if (is_new) all_.emplace_back(line.metadata.family, kNoMetadata);
    MetricMetadata& metadata = it->second;
    Apply(line.metadata, format, metadata);
    // What holds for the samples behind a gap is what its last line leaves.
    if (i + 1 < scanned.size() && scanned[i + 1].line == line.line) continue;
    families_.push_back({line.line, line.metadata.family, metadata.type, entries.Add(metadata)});
  }
  for (size_t i = 0; i < report_series; ++i) {
    report_places_.push_back(entries.Add({MetricType::kGauge, std::string(kReportSeries[i].help),
                                          std::string(kReportSeries[i].unit)}));
  }
  // Last, as the table may be full: some have no series.
  for (auto& [name, place] : all_) place = entries.Add(known[name]);
  std::vector<uint16_t> places;
  table_ = tables.Intern(std::move(entries), places);
  for (Family& family : families_) family.place = places[family.place];
  for (uint16_t& place : report_places_) place = places[place];
  for (auto& [name, place] : all_) place = places[place];
}

void PageMetadata::MoveTo(uint32_t line) {
  while (next_ < families_.size() && families_[next_].line <= line) ++next_;
}

uint16_t PageMetadata::PlaceOf(std::string_view metric) const {
  if (next_ == 0) return kNoMetadata;
  const Family& family = families_[next_ - 1];
  return IsPartOfFamily(metric, family.name, family.type) ? family.place : kNoMetadata;
}

}  // namespace limpet
