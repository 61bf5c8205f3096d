#include "tests/queue/slow_encoder.h"

#include <doctest/doctest.h>
#include <snappy.h>

#include <bit>
#include <cinttypes>
#include <cstdio>
#include <map>

namespace limpet {
namespace {

void AddExemplar(const ExemplarSample& exemplar, remote_write_v1::TimeSeries& series) {
  auto& out = *series.add_exemplars();
  std::string_view rest = exemplar.labels;
  std::string_view name;
  std::string_view value;
  while (NextEncodedLabel(rest, name, value)) {
    if (value.empty()) continue;
    auto& label = *out.add_labels();
    label.set_name(std::string(name));
    label.set_value(std::string(value));
  }
  out.set_value(exemplar.value);
  out.set_timestamp(exemplar.timestamp_ms);
}

template <typename LabelList>
std::string LabelsText(const LabelList& labels) {
  std::string text = "{";
  for (const auto& label : labels) {
    if (text.back() != '{') text += ',';
    text += label.name() + '=' + label.value();
  }
  return text + '}';
}

}  // namespace

Labels SlowLabels(const ScrapeView& scrape, size_t series, const Labels& external,
                  const std::vector<RelabelRule>& rules) {
  // As Prometheus: the scraped labels go over the target's, empty ones delete; then the external
  // labels fill in what is still missing; then write_relabel_configs.
  std::map<std::string, std::string> labels;
  for (const Label& label : scrape.target->labels) labels[label.name] = label.value;
  scrape.layout->ForEachLabel(series, [&](std::string_view name, std::string_view value) {
    labels[std::string(name)] = value;
  });
  std::erase_if(labels, [](const auto& label) { return label.second.empty(); });
  for (const Label& label : external) labels.try_emplace(label.name, label.value);
  LabelsBuilder builder;
  for (const auto& [name, value] : labels) builder.Set(name, value);
  if (!ApplyRelabelRules(rules, builder)) return {};
  return builder.Build();
}

void SlowEncode(const ScrapeView& scrape, const Labels& external,
                const std::vector<RelabelRule>& rules, remote_write_v1::WriteRequest& request) {
  for (size_t i = 0; i < scrape.values.size(); ++i) {
    const size_t series = scrape.series.empty() ? i : scrape.series[i];
    const Labels labels = SlowLabels(scrape, series, external, rules);
    if (labels.empty()) continue;
    auto& out = *request.add_timeseries();
    for (const Label& label : labels) {
      auto& added = *out.add_labels();
      added.set_name(label.name);
      added.set_value(label.value);
    }
    const int64_t timestamp_ms =
        scrape.timestamps.empty() ? scrape.timestamp_ms : scrape.timestamps[i];
    for (const HistogramSample& histogram : scrape.histograms) {
      if (histogram.place != i) continue;
      REQUIRE(out.add_histograms()->ParseFromString(std::string(histogram.message)));
      out.mutable_histograms(0)->set_timestamp(timestamp_ms);
    }
    for (const ExemplarSample& exemplar : scrape.exemplars) {
      if (exemplar.place == i) AddExemplar(exemplar, out);
    }
    if (!out.histograms().empty()) continue;
    auto& sample = *out.add_samples();
    sample.set_value(scrape.values[i]);
    sample.set_timestamp(timestamp_ms);
  }
}

remote_write_v1::WriteRequest DecodeBody(const std::string& body) {
  std::string message;
  REQUIRE(snappy::Uncompress(body.data(), body.size(), &message));
  remote_write_v1::WriteRequest request;
  REQUIRE(request.ParseFromString(message));
  return request;
}

std::string ToText(const remote_write_v1::WriteRequest& request) {
  std::string text;
  for (const auto& series : request.timeseries()) {
    text += LabelsText(series.labels());
    for (const auto& sample : series.samples()) {
      char line[80];
      std::snprintf(line, sizeof line, " %g/%016" PRIx64 " @%" PRId64, sample.value(),
                    std::bit_cast<uint64_t>(sample.value()), sample.timestamp());
      text += line;
    }
    for (remote_write_v1::Histogram histogram : series.histograms()) {
      const int64_t timestamp_ms = histogram.timestamp();
      histogram.clear_timestamp();
      text += " histogram:";
      for (const char byte : histogram.SerializeAsString()) {
        char hex[3];
        std::snprintf(hex, sizeof hex, "%02x", static_cast<unsigned char>(byte));
        text += hex;
      }
      text += " @" + std::to_string(timestamp_ms);
    }
    for (const auto& exemplar : series.exemplars()) {
      text += " #" + LabelsText(exemplar.labels()) + std::to_string(exemplar.value()) + "@" +
              std::to_string(exemplar.timestamp());
    }
    text += '\n';
  }
  return text;
}

}  // namespace limpet
