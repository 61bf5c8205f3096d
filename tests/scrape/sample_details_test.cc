// Exemplars and native histograms on their way to the log.
#include "agent/scrape/sample_details.h"

#include <doctest/doctest.h>

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "agent/scrape/target_series.h"
#include "tests/scrape/protobuf_page.h"
#include "tests/scrape/recorded_samples.h"

namespace limpet {
namespace {

using Lines = std::vector<std::string>;

// A target whose scrapes' exemplars and histograms are shown.
class DetailsFixture {
 public:
  explicit DetailsFixture(HistogramSettings histograms = {.native = true},
                          std::vector<RelabelRule> rules = {})
      : series_(Scope(histograms, std::move(rules)), labels_) {
    writer_.append = [this](const ScrapeView& view) { Record(view); };
  }

  // One scrape; its error, or nothing.
  std::string Scrape(const Page& page, int64_t timestamp_ms, uint64_t series_max = 0) {
    lines_.clear();
    PageCounts counts;
    const auto layout = series_.ReadPage(writer_, page, series_max, counts);
    const ScrapeFacts facts{timestamp_ms, timestamp_ms, 0.5,
                            static_cast<int64_t>(page.text.size())};
    if (layout) {
      series_.AppendPage(writer_, *layout, facts);
      return "";
    }
    series_.AppendFailure(writer_, counts, facts);
    return layout.error().message;
  }
  // What the last scrape's samples had beside numbers, in order of series.
  Lines Details(const Page& page, int64_t timestamp_ms) {
    CHECK(Scrape(page, timestamp_ms) == "");
    return lines_;
  }

  RecordedSamples recorded;

 private:
  std::shared_ptr<const LayoutScope> Scope(HistogramSettings histograms,
                                           std::vector<RelabelRule> rules) {
    SeriesSettings settings;
    settings.histograms = histograms;
    settings.rules = std::make_shared<const std::vector<RelabelRule>>(std::move(rules));
    return NewLayoutScope(std::move(settings), labels_);
  }

  void Record(const ScrapeView& view) {
    recorded.Append(view);
    std::multimap<std::string, std::string> lines;
    const auto name = [&](uint32_t place) {
      const size_t series = view.series.empty() ? place : view.series[place];
      return std::string(DeliveredLabels(view, series).ToString());
    };
    uint32_t last = 0;
    for (const HistogramSample& sample : view.histograms) {
      CHECK(sample.place >= last);
      last = sample.place;
      lines.emplace(name(sample.place), HistogramText(sample.message));
    }
    last = 0;
    for (const ExemplarSample& exemplar : view.exemplars) {
      CHECK(exemplar.place >= last);
      last = exemplar.place;
      std::ostringstream text;
      std::string_view rest = exemplar.labels;
      std::string_view label;
      std::string_view value;
      while (NextEncodedLabel(rest, label, value)) text << '{' << label << '=' << value << '}';
      text << ' ' << exemplar.value << '@' << exemplar.timestamp_ms;
      lines.emplace(name(exemplar.place), text.str());
    }
    for (const auto& [series, text] : lines) lines_.push_back(series + " " + text);
  }

  const Labels labels_{{"job", "j"}};
  SeriesWriter writer_;
  TargetSeries series_;
  Lines lines_;
};

Page OpenMetricsPage(const std::string& text) { return Page(text, PageFormat::kOpenMetricsText); }

TEST_CASE("exemplars are delivered once, without a timestamp at that of their sample") {
  DetailsFixture f;
  const std::string page =
      "a_total 1 # {t=\"x\"} 0.5\nb_total 2 # {t=\"y\"} 7 3.5\nc 3 9 # {} 1\n# EOF\n";
  CHECK(f.Details(OpenMetricsPage(page), 20'000) ==
        Lines{R"({__name__="a_total", job="j"} {t=x} 0.5@20000)",
              R"({__name__="b_total", job="j"} {t=y} 7@3500)",
              R"({__name__="c", job="j"}  1@9000)"});
  CHECK(f.Details(OpenMetricsPage(page), 21'000) == Lines{});
  // Another value, another timestamp; one that is older than what is known is not new.
  CHECK(
      f.Details(OpenMetricsPage("a_total 2 # {t=\"x\"} 0.6\nb_total 3 # {t=\"y\"} 7 4.5\n# EOF\n"),
                22'000) == Lines{R"({__name__="a_total", job="j"} {t=x} 0.6@22000)",
                                 R"({__name__="b_total", job="j"} {t=y} 7@4500)"});
  CHECK(f.Details(OpenMetricsPage("a_total 2\nb_total 3 # {t=\"z\"} 7 4\n# EOF\n"), 23'000) ==
        Lines{});
}

TEST_CASE("what is known of exemplars moves with the series to another layout") {
  DetailsFixture f;
  const std::string a = "a 1 # {t=\"x\"} 1 1\n";
  const std::string b = "b 1 # {t=\"x\"} 1 1\n";
  CHECK(f.Details(OpenMetricsPage(a + b + "# EOF\n"), 1000).size() == 2);
  CHECK(f.Details(OpenMetricsPage("first 1\n" + b + a + "# EOF\n"), 2000) == Lines{});
  CHECK(f.Details(OpenMetricsPage(b + "# EOF\n"), 3000) == Lines{});
  // A series that was gone is new.
  CHECK(f.Details(OpenMetricsPage(a + b + "# EOF\n"), 4000) ==
        Lines{R"({__name__="a", job="j"} {t=x} 1@1000)"});
  // A failed scrape forgets nothing.
  CHECK(f.Scrape(OpenMetricsPage("oops"), 5000) != "");
  CHECK(f.Details(OpenMetricsPage(a + b + "# EOF\n"), 6000) == Lines{});
}

TEST_CASE("exemplars that are refused leave their samples alone") {
  DetailsFixture f;
  const std::string page =
      "a 1 # {t=\"" + std::string(128, 'x') + "\"} 1\nb 2 # {t=\"\"} 2\n# EOF\n";
  CHECK(f.Details(OpenMetricsPage(page), 1000) == Lines{R"({__name__="b", job="j"}  2@1000)"});
  CHECK(f.recorded.Take() ==
        Lines{R"({__name__="a", job="j"} 1@1000)", R"({__name__="b", job="j"} 2@1000)"});
}

TEST_CASE("samples that are left out take their exemplars with them") {
  DetailsFixture f;
  const std::string page = "a 1 5 # {t=\"x\"} 1\nb 1 # {t=\"y\"} 1\n# EOF\n";
  CHECK(f.Details(OpenMetricsPage(page), 6000).size() == 2);
  // Not newer than the last one; the place of b is now another.
  CHECK(f.Details(OpenMetricsPage("a 1 5 # {t=\"new\"} 1\nb 1 # {t=\"new\"} 1\n# EOF\n"), 7000) ==
        Lines{R"({__name__="b", job="j"} {t=new} 1@7000)"});
}

metrics::MetricFamily NativeFamily(uint64_t count) {
  metrics::MetricFamily family = Family("h", metrics::HISTOGRAM);
  metrics::Histogram& histogram = *family.add_metric()->mutable_histogram();
  histogram.set_sample_count(count);
  histogram.set_sample_sum(1.5);
  histogram.add_positive_span()->set_length(1);
  histogram.add_positive_delta(static_cast<int64_t>(count));
  return family;
}

TEST_CASE("a native histogram's sample is its sum, and goes stale as any other") {
  DetailsFixture f;
  metrics::MetricFamily other = Family("a", metrics::GAUGE);
  other.add_metric()->mutable_gauge()->set_value(4);
  const std::string first = Delimited(NativeFamily(3)) + Delimited(other);
  const Lines details = {R"({__name__="h", job="j"} count=3 sum=1.5 schema=0 zero=0 +[0: 3])"};
  CHECK(f.Details(ProtobufPage(first), 1000) == details);
  CHECK(f.recorded.Last("scrape_samples_scraped") == 2);
  CHECK(f.recorded.Take() ==
        Lines{R"({__name__="a", job="j"} 4@1000)", R"({__name__="h", job="j"} 1.5@1000)"});
  // The same series at other places.
  const std::string moved = Delimited(other) + Delimited(NativeFamily(3));
  CHECK(f.Details(ProtobufPage(moved), 2000) == details);
  CHECK(f.recorded.Last("scrape_series_added") == 0);
  f.recorded.Take();
  CHECK(f.Details(ProtobufPage(Delimited(other)), 3000) == Lines{});
  CHECK(f.recorded.Take() ==
        Lines{R"({__name__="a", job="j"} 4@3000)", R"({__name__="h", job="j"} stale@3000)"});
}

TEST_CASE("exemplars of a native histogram come in order of time, each once") {
  DetailsFixture f;
  metrics::MetricFamily family = NativeFamily(3);
  metrics::Histogram& histogram = *family.mutable_metric(0)->mutable_histogram();
  SetExemplar("b", 1, 2000, *histogram.add_exemplars());
  SetExemplar("a", 2, 1000, *histogram.add_exemplars());
  SetExemplar("none", 2, 0, *histogram.add_exemplars());
  std::string page = Delimited(family);
  Lines details = f.Details(ProtobufPage(page), 5000);
  REQUIRE(details.size() == 3);
  CHECK(details[1] == R"({__name__="h", job="j"} {trace=a} 2@1000)");
  CHECK(details[2] == R"({__name__="h", job="j"} {trace=b} 1@2000)");
  CHECK(f.Details(ProtobufPage(page), 6000).size() == 1);
  histogram.mutable_exemplars(1)->mutable_timestamp()->set_seconds(7);
  page = Delimited(family);
  details = f.Details(ProtobufPage(page), 7000);
  REQUIRE(details.size() == 2);
  CHECK(details[1] == R"({__name__="h", job="j"} {trace=a} 2@7000)");
}

TEST_CASE("a histogram that is not consistent fails the scrape, when it does") {
  DetailsFixture f;
  const std::string good = Delimited(Family("a", metrics::GAUGE)) + Delimited(NativeFamily(3));
  CHECK(f.Scrape(ProtobufPage(good), 1000) == "");
  metrics::MetricFamily family = NativeFamily(3);
  family.mutable_metric(0)->mutable_histogram()->set_sample_count(4);
  metrics::MetricFamily other = Family("a", metrics::GAUGE);
  other.add_metric();
  const std::string bad = Delimited(other) + Delimited(family) + Delimited(other);
  CHECK(f.Scrape(ProtobufPage(bad), 2000) == "the count is not that of the buckets");
  // Up to it samples count as scraped; it is not one that relabelling left.
  CHECK(f.recorded.Last("scrape_samples_scraped") == 2);
  CHECK(f.recorded.Last("scrape_samples_post_metric_relabeling") == 1);
  CHECK(f.recorded.Last("up") == 0);
  CHECK(f.Scrape(ProtobufPage(good), 3000) == "");
  // The same lines as before: only the numbers are at fault.
  const std::string worse = Delimited(Family("a", metrics::GAUGE)) + Delimited(family);
  CHECK(f.Scrape(ProtobufPage(worse), 4000) == "the count is not that of the buckets");
}

TEST_CASE("too many buckets fail the scrape, and everything is counted") {
  DetailsFixture f({.native = true, .bucket_limit = 1});
  metrics::MetricFamily family = NativeFamily(3);
  metrics::Histogram& histogram = *family.mutable_metric(0)->mutable_histogram();
  histogram.set_sample_count(6);
  histogram.add_negative_span()->set_length(1);
  histogram.add_negative_delta(3);
  metrics::MetricFamily other = Family("a", metrics::GAUGE);
  other.add_metric();
  const std::string page = Delimited(family) + Delimited(other);
  CHECK(f.Scrape(ProtobufPage(page), 1000) == "native_histogram_bucket_limit exceeded");
  CHECK(f.recorded.Last("scrape_samples_scraped") == 2);
  CHECK(f.recorded.Last("scrape_samples_post_metric_relabeling") == 2);
  CHECK(f.recorded.Last("scrape_series_added") == 0);
}

TEST_CASE("a histogram that relabelling drops may be as it likes") {
  RelabelRule drop;
  drop.action = RelabelAction::kDrop;
  drop.source_labels = {"__name__"};
  drop.regex = *AnchoredRegex::Compile("h");
  DetailsFixture f({.native = true}, {drop});
  metrics::MetricFamily family = NativeFamily(3);
  family.mutable_metric(0)->mutable_histogram()->set_sample_count(4);
  const std::string page = Delimited(family);
  CHECK(f.Details(ProtobufPage(page), 1000) == Lines{});
  CHECK(f.Details(ProtobufPage(page), 2000) == Lines{});
}

}  // namespace
}  // namespace limpet
