// Random pages in protobuf: reading them through layouts must give what reading them from scratch
// gives.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <random>
#include <string>
#include <vector>

#include "agent/scrape/layout_registry.h"
#include "agent/scrape/page_reader.h"
#include "tests/scrape/protobuf_page.h"

namespace limpet {
namespace {

class RandomFamilies {
 public:
  explicit RandomFamilies(uint64_t seed) : random_(seed) {}

  // Mostly the numbers alone change from one page to the next.
  std::string Next() {
    if (families_.empty() || Chance(15)) {
      families_.clear();
      for (size_t n = Below(5); n > 0; --n) families_.push_back(NewFamily());
    }
    if (Chance(4) && !families_.empty()) Change();
    std::string page;
    for (metrics::MetricFamily& family : families_) {
      for (metrics::Metric& metric : *family.mutable_metric()) SetNumbers(metric);
      page += Delimited(family);
    }
    if (Chance(10) && !page.empty()) page[Below(page.size())] = static_cast<char>(random_());
    if (Chance(20) && !page.empty()) page.resize(Below(page.size()));
    return page;
  }

 private:
  size_t Below(size_t n) { return n == 0 ? 0 : random_() % n; }
  bool Chance(size_t one_in) { return Below(one_in) == 0; }
  std::string Pick(const std::vector<std::string>& from) { return from[Below(from.size())]; }

  metrics::MetricFamily NewFamily() {
    metrics::MetricFamily family =
        Family(Pick({"a", "b", "a_sum"}), static_cast<metrics::MetricType>(Below(6)));
    if (Chance(2)) family.set_help(Pick({"", "text", "a\\nb"}));
    if (Chance(4)) family.set_unit(Pick({"s", "\xff"}));
    for (size_t n = Below(4); n > 0; --n) AddMetric(family);
    return family;
  }

  void AddMetric(metrics::MetricFamily& family) {
    metrics::Metric& metric = *family.add_metric();
    for (size_t n = Below(3); n > 0; --n) {
      AddLabel(Pick({"x", "y", "job", "le"}), Pick({"", "1", "\xc3\xa9"}), metric);
    }
    if (Chance(10)) metric.set_timestamp_ms(1);
    if (family.type() == metrics::SUMMARY) {
      for (size_t n = Below(3); n > 0; --n) metric.mutable_summary()->add_quantile();
    } else if (family.type() >= metrics::HISTOGRAM) {
      for (size_t n = Below(4); n > 0; --n) {
        metric.mutable_histogram()->add_bucket()->set_upper_bound(static_cast<double>(n));
      }
      if (Chance(2)) metric.mutable_histogram()->add_positive_span()->set_length(1);
      if (Chance(4)) metric.mutable_histogram()->set_zero_threshold(0.5);
    }
  }

  void Change() {
    metrics::MetricFamily& family = families_[Below(families_.size())];
    switch (Below(5)) {
      case 0:
        family.set_help(Pick({"other", "text"}));
        break;
      case 1:
        AddMetric(family);
        break;
      case 2:
        if (family.metric_size() > 1) family.mutable_metric()->SwapElements(0, 1);
        break;
      case 3:
        family.mutable_metric()->Clear();
        break;
      default:
        std::swap(family, families_[Below(families_.size())]);
    }
  }

  void SetNumbers(metrics::Metric& metric) {
    const auto number = [&] { return static_cast<double>(Below(1000)) / 4; };
    if (Chance(2)) metric.mutable_gauge()->set_value(number());
    metric.mutable_untyped()->set_value(Chance(5) ? std::bit_cast<double>(~uint64_t{0}) : number());
    metric.mutable_counter()->set_value(number());
    if (Chance(4)) {
      SetExemplar("e", number(), static_cast<int64_t>(Below(3)) * 500,
                  *metric.mutable_counter()->mutable_exemplar());
    }
    if (metric.has_timestamp_ms()) metric.set_timestamp_ms(static_cast<int64_t>(Below(5)));
    for (auto& quantile : *metric.mutable_summary()->mutable_quantile()) {
      quantile.set_value(number());
    }
    metrics::Histogram& histogram = *metric.mutable_histogram();
    for (auto& bucket : *histogram.mutable_bucket()) bucket.set_cumulative_count(Below(100));
    histogram.set_sample_sum(number());
    histogram.set_sample_count(Below(50));
    if (histogram.positive_span_size() == 0) return;
    histogram.clear_positive_delta();
    histogram.add_positive_delta(static_cast<int64_t>(histogram.sample_count() + Chance(10)));
  }

  std::mt19937_64 random_;
  std::vector<metrics::MetricFamily> families_;
};

std::string BitsText(double value) { return std::to_string(std::bit_cast<uint64_t>(value)); }

std::string ProtobufMetadataText(const MetricMetadata& metadata) {
  return " " + std::to_string(static_cast<int>(metadata.type)) + metadata.help + metadata.unit;
}

std::vector<std::string> Samples(const Layout& layout, const PageValues& page) {
  std::vector<std::string> out(layout.page_series());
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = layout.block()->LabelsOf(i).ToString() + " " + BitsText(page.values[i]);
    if (layout.HasOwnTimestamp(i)) out[i] += "@" + std::to_string(page.timestamps[i]);
    out[i] += ProtobufMetadataText(layout.block()->MetadataOf(i));
  }
  for (const auto& entry : page.histograms.entries()) {
    out[entry.series] += " " + HistogramText(page.histograms.Message(entry));
  }
  for (const PageExemplar& exemplar : page.exemplars) {
    out[exemplar.series] += " # " + ExemplarText(exemplar.exemplar, PageFormat::kProtobuf);
  }
  std::sort(out.begin(), out.end());
  return out;
}

// The plain way: every sample by itself, no layout, no hashes.
Result<std::vector<std::string>> Naive(const LayoutScope& scope, const Page& page) {
  std::vector<std::string> out;
  std::vector<Labels> seen;
  std::map<std::string, MetricMetadata> families;
  std::string family;
  PageReader reader(page, scope.histograms);
  HistogramEncoder encoder;
  for (;;) {
    const Result<bool> more = reader.Next();
    if (!more) return more.error();
    if (!*more) {
      std::sort(out.begin(), out.end());
      return out;
    }
    for (const MetadataLine& line : reader.metadata()) {
      family = line.family;
      MetricMetadata& metadata = families[family];
      if (line.kind == MetadataLine::Kind::kType) metadata.type = line.type;
      if (line.kind == MetadataLine::Kind::kHelp) metadata.help = line.text;
      if (line.kind == MetadataLine::Kind::kUnit) metadata.unit = line.text;
    }
    std::vector<Label> scraped;
    std::vector<Label> labels;
    const auto decoded = reader.DecodeLabels(scraped);
    if (auto kept = FinalLabels(scope, decoded, scraped, labels); !kept) return kept.error();
    const Labels final_labels(labels);
    const bool known = std::find(seen.begin(), seen.end(), final_labels) != seen.end();
    if (known && !reader.tail().has_timestamp) continue;
    seen.push_back(final_labels);
    std::string line = final_labels.ToString() + " " + BitsText(reader.tail().value);
    if (reader.tail().has_timestamp) line += "@" + std::to_string(reader.tail().timestamp_ms);
    const MetricMetadata& metadata = families[family];
    const bool its = IsPartOfFamily(final_labels.Get("__name__"), family, metadata.type);
    line += ProtobufMetadataText(its ? metadata : MetricMetadata());
    if (reader.histogram() != nullptr) {
      std::string message;
      if (encoder.Append(*reader.histogram(), scope.histograms, message) != HistogramFault::kNone) {
        return Error{encoder.fault()};
      }
      line += " " + HistogramText(message);
    }
    for (const RawExemplar& exemplar : reader.exemplars()) {
      line += " # " + ExemplarText(exemplar, PageFormat::kProtobuf);
    }
    out.push_back(line);
  }
}

TEST_CASE("a sequence of scrapes in protobuf gives what reading each page by itself gives") {
  size_t matched = 0;
  size_t failed = 0;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    RandomFamilies pages(seed);
    LayoutRegistry registry;
    SeriesSettings settings;
    settings.histograms = {.native = seed % 3 != 0, .always_classic = seed % 2 == 0};
    settings.rules = std::make_shared<const std::vector<RelabelRule>>();
    const auto scope = NewLayoutScope(std::move(settings), Labels{});
    std::shared_ptr<const Layout> layout;
    for (int scrape = 0; scrape < 60; ++scrape) {
      const std::string bytes = pages.Next();
      const Page page = ProtobufPage(bytes);
      CAPTURE(seed);
      CAPTURE(scrape);
      const auto expected = Naive(*scope, page);
      PageValues values;
      PageCounts counts;
      if (layout != nullptr && layout->Match(page, values)) {
        ++matched;
        REQUIRE(expected.has_value());
        REQUIRE(Samples(*layout, values) == *expected);
      }
      auto resolved = registry.Resolve(*scope, page, 0, layout.get(), values, counts);
      REQUIRE(resolved.has_value() == expected.has_value());
      if (!resolved) {
        ++failed;
        continue;
      }
      layout = *resolved;
      REQUIRE(Samples(*layout, values) == *expected);
      REQUIRE(layout->Match(page, values));
      REQUIRE(Samples(*layout, values) == *expected);
    }
  }
  // Both ways were taken often.
  CHECK(matched > 2000);
  CHECK(failed > 300);
}

// In pieces of two layouts that have no family's begin in them.
TEST_CASE("metrics with the same labels in two families are series of their own names") {
  LayoutRegistry registry;
  const auto scope =
      NewLayoutScope(false, true, std::make_shared<const std::vector<RelabelRule>>(), Labels{});
  std::vector<std::shared_ptr<const Layout>> layouts;
  for (const std::string name : {"a", "b"}) {
    metrics::MetricFamily family = Family(name, metrics::GAUGE);
    for (int i = 0; i < 1000; ++i) AddLabel("path", std::to_string(i), *family.add_metric());
    PageValues values;
    PageCounts counts;
    const auto layout =
        registry.Resolve(*scope, ProtobufPage(Delimited(family)), 0, nullptr, values, counts);
    REQUIRE(layout.has_value());
    for (size_t i = 0; i < 1000; ++i) {
      REQUIRE((*layout)->block()->LabelsOf(i).Get("__name__") == name);
    }
    layouts.push_back(*layout);
  }
}

}  // namespace
}  // namespace limpet
