#include "tests/queue/wire_fixture.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include "tests/queue/strict_v2.h"

namespace limpet {
namespace {

using remote_write_v1::WriteRequest;

std::string MetadataText(int type, const std::string& help, const std::string& unit) {
  return " type=" + std::to_string(type) + " help=" + help + " unit=" + unit;
}

// One line a series, with its metadata where there is any.
std::string WithMetadata(const WriteRequest& request, const std::vector<std::string>& metadata) {
  std::string text;
  for (int i = 0; i < request.timeseries_size(); ++i) {
    WriteRequest one;
    *one.add_timeseries() = request.timeseries(i);
    text += ToText(one);
    if (!metadata.empty()) text.insert(text.size() - 1, metadata[static_cast<size_t>(i)]);
  }
  return text;
}

// The fields of the two are the same.
remote_write_v1::Histogram ToV1(const remote_write_v2::Histogram& histogram) {
  CHECK(histogram.start_timestamp() == 0);
  remote_write_v1::Histogram v1;
  REQUIRE(v1.ParseFromString(histogram.SerializeAsString()));
  return v1;
}

WriteRequest ToV1(const remote_write_v2::Request& request, std::vector<std::string>& metadata) {
  WriteRequest v1;
  const auto symbol = [&](uint32_t ref) { return request.symbols(static_cast<int>(ref)); };
  for (const auto& series : request.timeseries()) {
    auto& out = *v1.add_timeseries();
    for (int i = 0; i < series.labels_refs_size(); i += 2) {
      auto& label = *out.add_labels();
      label.set_name(symbol(series.labels_refs(i)));
      label.set_value(symbol(series.labels_refs(i + 1)));
    }
    for (const auto& sample : series.samples()) {
      CHECK(sample.start_timestamp() == 0);
      auto& added = *out.add_samples();
      added.set_value(sample.value());
      added.set_timestamp(sample.timestamp());
    }
    for (const auto& histogram : series.histograms()) *out.add_histograms() = ToV1(histogram);
    for (const auto& exemplar : series.exemplars()) {
      auto& added = *out.add_exemplars();
      for (int i = 0; i < exemplar.labels_refs_size(); i += 2) {
        auto& label = *added.add_labels();
        label.set_name(symbol(exemplar.labels_refs(i)));
        label.set_value(symbol(exemplar.labels_refs(i + 1)));
      }
      added.set_value(exemplar.value());
      added.set_timestamp(exemplar.timestamp());
    }
    const auto& known = series.metadata();
    metadata.push_back(
        MetadataText(known.type(), symbol(known.help_ref()), symbol(known.unit_ref())));
  }
  return v1;
}

OwnedScrape OnlyPlace(const OwnedScrape& scrape, size_t place) {
  OwnedScrape one = scrape;
  one.series = {scrape.series.empty() ? static_cast<uint32_t>(place) : scrape.series[place]};
  one.values = {scrape.values[place]};
  if (!scrape.timestamps.empty()) one.timestamps = {scrape.timestamps[place]};
  const auto elsewhere = [&](const auto& attachment) { return attachment.place != place; };
  std::erase_if(one.attachments.histograms, elsewhere);
  std::erase_if(one.attachments.exemplars, elsewhere);
  for (auto& histogram : one.attachments.histograms) histogram.place = 0;
  for (auto& exemplar : one.attachments.exemplars) exemplar.place = 0;
  return one;
}

int64_t TimeOf(const remote_write_v1::TimeSeries& series) {
  return series.samples().empty() ? series.histograms(0).timestamp()
                                  : series.samples(0).timestamp();
}

// One time series a stretch of samples of one kind, out of one each sample; how many.
int AddStretches(const WriteRequest& of_series, WriteRequest& all) {
  std::vector<remote_write_v1::TimeSeries> ones(of_series.timeseries().begin(),
                                                of_series.timeseries().end());
  std::stable_sort(ones.begin(), ones.end(),
                   [](const auto& a, const auto& b) { return TimeOf(a) < TimeOf(b); });
  int stretches = 0;
  for (size_t i = 0; i < ones.size(); ++i) {
    if (i == 0 || ones[i].samples().empty() != ones[i - 1].samples().empty()) {
      *all.add_timeseries()->mutable_labels() = ones[i].labels();
      ++stretches;
    }
    auto& series = *all.mutable_timeseries(all.timeseries_size() - 1);
    series.mutable_samples()->MergeFrom(ones[i].samples());
    series.mutable_histograms()->MergeFrom(ones[i].histograms());
    series.mutable_exemplars()->MergeFrom(ones[i].exemplars());
    std::stable_sort(series.mutable_exemplars()->begin(), series.mutable_exemplars()->end(),
                     [](const auto& a, const auto& b) { return a.timestamp() < b.timestamp(); });
  }
  return stretches;
}

WriteRequest Decode(const Batch& batch, std::vector<std::string>& metadata) {
  WriteRequest request;
  if (batch.protocol == WireProtocol::kV1) {
    request = DecodeBody(batch.body);
  } else {
    remote_write_v2::Request v2;
    REQUIRE(WhyNotV2Body(batch.body, v2) == "");
    request = ToV1(v2, metadata);
  }
  uint64_t samples = 0;
  int64_t oldest_ms = INT64_MAX;
  int64_t newest_ms = INT64_MIN;
  uint64_t histograms = 0;
  uint64_t exemplars = 0;
  const auto count = [&](const auto& sample) {
    ++samples;
    oldest_ms = std::min(oldest_ms, sample.timestamp());
    newest_ms = std::max(newest_ms, sample.timestamp());
  };
  for (const auto& series : request.timeseries()) {
    CHECK((series.samples_size() > 0) != (series.histograms_size() > 0));
    for (const auto& sample : series.samples()) count(sample);
    for (const auto& histogram : series.histograms()) count(histogram);
    histograms += static_cast<uint64_t>(series.histograms_size());
    exemplars += static_cast<uint64_t>(series.exemplars_size());
  }
  CHECK(batch.histograms == histograms);
  CHECK(batch.exemplars == exemplars);
  CHECK(batch.series == static_cast<uint64_t>(request.timeseries_size()));
  CHECK(batch.samples == samples);
  if (samples > 0) {
    CHECK(batch.oldest_ms == oldest_ms);
    CHECK(batch.newest_ms == newest_ms);
  }
  return request;
}

}  // namespace

RelabelRule Rule(RelabelAction action, std::vector<std::string> source, const std::string& regex,
                 std::string target, std::string replacement) {
  RelabelRule rule;
  rule.action = action;
  rule.source_labels = std::move(source);
  rule.regex = AnchoredRegex::Compile(regex).value();
  rule.target_label = std::move(target);
  rule.replacement = std::move(replacement);
  return rule;
}

std::shared_ptr<const SeriesBlock> Block(const std::vector<std::vector<Label>>& series) {
  SeriesBlock::Builder builder;
  for (const auto& labels : series) {
    builder.BeginSeries();
    for (const Label& label : labels) builder.AddLabel(label.name, label.value);
  }
  return builder.Build();
}

ScrapeRun RunOf(const std::vector<OwnedScrape>& scrapes) {
  ScrapeRun run;
  for (const OwnedScrape& scrape : scrapes) {
    // A run outlives what it was made of.
    const auto lent = std::make_unique<OwnedScrape>(scrape);
    REQUIRE(run.Append(lent->View()));
    std::fill(lent->values.begin(), lent->values.end(), -7);
    for (auto& histogram : lent->attachments.histograms) histogram.message.assign(99, '!');
    for (auto& exemplar : lent->attachments.exemplars) exemplar.labels.assign(99, '!');
  }
  return run;
}

std::string RandomScrapes::Value(bool may_be_empty) {
  static const std::vector<std::string> values = {"x", "eu-west-1", "10.0.0.1:9100", "v;$1"};
  if (may_be_empty && Below(6) == 0) return "";
  if (Below(40) == 0) return std::string(100 + Below(100), 'l');
  if (Below(400) == 0) return std::string(70'000 + Below(70'000), 'L');
  return values[Below(values.size())];
}

std::vector<Label> RandomScrapes::Set(bool may_be_empty) {
  static const std::vector<std::string> names = {"a",   "app",  "cluster",   "cpu", "instance",
                                                 "job", "mode", "namespace", "pod", "pod_nam\u00e9",
                                                 "zone"};
  std::vector<Label> labels;
  const size_t one_in = 1 + Below(4);
  for (const std::string& name : names) {
    if (Below(one_in) == 0) labels.push_back({name, Value(may_be_empty)});
  }
  return labels;
}

void RandomScrapes::FillIn(OwnedScrape& scrape) {
  scrape.series.clear();
  scrape.values.clear();
  scrape.timestamps.clear();
  const bool all = Below(2) == 0;
  for (uint32_t i = 0; i < scrape.layout->size(); ++i) {
    if (!all && Below(2) == 0) continue;
    if (!all) scrape.series.push_back(i);
    scrape.values.push_back(SampleValue());
  }
  if (scrape.values.empty()) return FillIn(scrape);
  if (Below(2) == 0) {
    for (size_t i = 0; i < scrape.values.size(); ++i) scrape.timestamps.push_back(Timestamp());
  }
  Attach(scrape);
}

// Exemplars are all different: what repeats is sent once, where it is together.
void RandomScrapes::Attach(OwnedScrape& scrape) {
  scrape.attachments = {};
  if (!attaches_) return;
  for (uint32_t i = 0; i < scrape.values.size(); ++i) {
    if (Below(3) == 0) {
      scrape.attachments.histograms.push_back({i, Below(5) == 0
                                                      ? CustomBucketsMessage(Below(900))
                                                      : HistogramMessage(Below(1'000'000))});
    }
    for (size_t more = Below(4) == 0 ? 1 + Below(2) : 0; more > 0; --more) {
      const std::string trace = Below(7) == 0 ? "" : std::to_string(++traces_);
      const int64_t timestamp_ms =
          scrape.timestamp_ms - 10'000 + static_cast<int64_t>(Below(20'000));
      scrape.attachments.exemplars.push_back(
          {i, ExemplarLabels(trace), static_cast<double>(++traces_), timestamp_ms});
    }
  }
}

OwnedScrape RandomScrapes::Scrape() {
  attaches_ = Below(2) == 0;
  const bool described = Below(2) == 0;
  MetadataTable table = {{},
                         {MetricType::kCounter, "Counts.", "seconds"},
                         {MetricType::kUnknown, "Only a help text.", ""},
                         {MetricType::kStateset, "", ""}};
  SeriesBlock::Builder builder;
  for (size_t series = 1 + Below(12); series > 0; --series) {
    builder.BeginSeries(described ? static_cast<uint16_t>(Below(table.size())) : kNoMetadata);
    builder.AddLabel("__name__", "metric_" + std::to_string(Below(5)));
    for (const Label& label : Set(true)) builder.AddLabel(label.name, label.value);
  }
  auto shared = described ? std::make_shared<const MetadataTable>(std::move(table)) : nullptr;
  OwnedScrape scrape{builder.Build(shared), NewLogTarget(Labels(Set(false))), {}, {}, {}};
  FillIn(scrape);
  return scrape;
}

std::vector<OwnedScrape> RandomScrapes::Rows(size_t rows_max) {
  std::vector<OwnedScrape> rows = {Scrape()};
  const bool own_times = Below(3) == 0;
  for (size_t more = Below(rows_max); more > 0; --more) {
    OwnedScrape row = rows.back();
    row.timestamp_ms += 15'000;
    if (Below(10) == 0) row.timestamp_ms -= 20'000;
    FillIn(row);
    rows.push_back(std::move(row));
  }
  for (OwnedScrape& row : rows) {
    if (!own_times) row.timestamps.clear();
  }
  return rows;
}

double RandomScrapes::SampleValue() {
  static const std::vector<double> values = {0.0,
                                             -0.0,
                                             1.0,
                                             0.1,
                                             StaleNan(),
                                             std::bit_cast<double>(kNormalNanBits),
                                             std::numeric_limits<double>::infinity(),
                                             -1e-308};
  return values[Below(values.size())];
}

int64_t RandomScrapes::Timestamp() {
  static const std::vector<int64_t> times = {0,         1,        -1, 127, 128, 1'700'000'000'000,
                                             INT64_MAX, INT64_MIN};
  return times[Below(times.size())];
}

std::vector<std::string> TakeExemplars(std::string& text) {
  std::vector<std::string> exemplars;
  for (size_t at = text.find(" #{"); at != std::string::npos; at = text.find(" #{", at)) {
    const size_t end = text.find_first_of(" \n", at + 1);
    exemplars.push_back(text.substr(at + 1, end - at - 1));
    text.erase(at, exemplars.back().size() + 1);
  }
  return exemplars;
}

std::string ExpectedText(const std::vector<OwnedScrape>& scrapes, const Labels& external,
                         const std::vector<RelabelRule>& rules, WireProtocol protocol) {
  const auto& layout = scrapes.front().layout;
  WriteRequest all;
  std::vector<std::string> metadata;
  for (uint32_t i = 0; i < layout->size(); ++i) {
    WriteRequest of_series;
    for (const OwnedScrape& scrape : scrapes) {
      for (size_t k = 0; k < scrape.values.size(); ++k) {
        if ((scrape.series.empty() ? k : scrape.series[k]) != i) continue;
        SlowEncode(OnlyPlace(scrape, k).View(), external, rules, of_series);
      }
    }
    const MetricMetadata& known = layout->MetadataOf(i);
    for (int lines = AddStretches(of_series, all); lines > 0; --lines) {
      metadata.push_back(MetadataText(static_cast<int>(known.type), known.help, known.unit));
    }
  }
  if (protocol == WireProtocol::kV1) metadata.clear();
  return WithMetadata(all, metadata);
}

std::string TextOf(const Batch& batch) {
  std::vector<std::string> metadata;
  const WriteRequest request = Decode(batch, metadata);
  return WithMetadata(request, metadata);
}

std::string SamplesTextOf(const Batch& batch) {
  std::vector<std::string> metadata;
  return ToText(Decode(batch, metadata));
}

}  // namespace limpet
