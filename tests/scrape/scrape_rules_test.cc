// Limits, timestamps and what the report series say, as Prometheus has them.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "agent/scrape/target_series.h"
#include "tests/scrape/recorded_samples.h"

namespace limpet {
namespace {

using Lines = std::vector<std::string>;

class RulesFixture {
 public:
  explicit RulesFixture(SeriesSettings settings = {}, const Labels& target = {{"job", "j"}})
      : series(Scope(std::move(settings), target), target) {
    writer.append = [this](const ScrapeView& view) { recorded.Append(view); };
  }

  std::string Scrape(std::string_view page, int64_t timestamp_ms = 1000,
                     PageFormat format = PageFormat::kPrometheusText) {
    PageCounts counts;
    auto layout = series.ReadPage(writer, Page(page, format), sample_limit, counts);
    const ScrapeFacts facts{timestamp_ms, timestamp_ms, 0.5, static_cast<int64_t>(page.size()),
                            10,           sample_limit};
    if (layout) {
      series.AppendPage(writer, *layout, facts);
      return "";
    }
    series.AppendFailure(writer, counts, facts);
    return layout.error().message;
  }

  // scrape_samples_scraped, _post_metric_relabeling, scrape_series_added.
  std::vector<double> Counts() const {
    return {recorded.Last("scrape_samples_scraped"),
            recorded.Last("scrape_samples_post_metric_relabeling"),
            recorded.Last("scrape_series_added")};
  }

  SeriesWriter writer;
  RecordedSamples recorded;
  uint64_t sample_limit = 0;
  TargetSeries series;

 private:
  std::shared_ptr<const LayoutScope> Scope(SeriesSettings settings, const Labels& target) {
    if (settings.rules == nullptr) {
      settings.rules = std::make_shared<const std::vector<RelabelRule>>();
    }
    return writer.layouts.Intern(NewLayoutScope(std::move(settings), target));
  }
};

using Numbers = std::vector<double>;

TEST_CASE("markers of what a page lacks come ahead of it, on the layout of the record before") {
  RulesFixture f;
  std::vector<std::pair<uint64_t, size_t>> records;  // layout and samples
  f.writer.append = [&](const ScrapeView& view) {
    records.emplace_back(view.layout->id(), view.values.size());
  };
  f.Scrape("a{x=\"1\"} 1\nb 1\n");
  f.Scrape("a{x=\"2\"} 1\nb 1\n");
  REQUIRE(records.size() == 3);
  CHECK(records[1] == std::pair<uint64_t, size_t>(records[0].first, 1));
  CHECK(records[2].first != records[0].first);
  CHECK(records[2].second == records[0].second);
}

TEST_CASE("label_limit counts all labels of the delivered series") {
  SeriesSettings settings;
  settings.label_limit = 4;
  RulesFixture f(settings, {{"instance", "i"}, {"job", "j"}});
  CHECK(f.Scrape("a{x=\"1\"} 1\n") == "");
  CHECK(f.Scrape("a{x=\"1\",y=\"\"} 1\n") == "");
  CHECK(f.Scrape("a 1\na{x=\"1\",y=\"2\"} 1\nb 1\n") ==
        "label_limit exceeded (5, the limit is 4) in \"a{x=\\\"1\\\",y=\\\"2\\\"} \"");
  CHECK(f.recorded.Last("up") == 0);
  // The one at fault is scraped, and nothing behind it is read.
  CHECK(f.Counts() == Numbers{2, 1, 1});
  // exported_job besides job.
  CHECK(f.Scrape("a{job=\"1\"} 1\n") == "");
  CHECK(f.Scrape("a{job=\"1\",x=\"2\"} 1\n") != "");
}

TEST_CASE("label name and value lengths are limited in bytes, at the limit is good") {
  SeriesSettings settings;
  settings.label_name_length_limit = 8;  // of __name__
  settings.label_value_length_limit = 4;
  RulesFixture f(settings);
  CHECK(f.Scrape("name{eightbyt=\"four\"} 1\n") == "");
  CHECK(f.Scrape("name{ninebytes=\"four\"} 1\n") ==
        "label_name_length_limit exceeded by \"ninebytes\" (9, the limit is 8) in "
        "\"name{ninebytes=\\\"four\\\"} \"");
  CHECK(f.Scrape("name{x=\"fiveb\"} 1\n").starts_with("label_value_length_limit exceeded"));
  CHECK(f.Scrape("fiveb 1\n").starts_with("label_value_length_limit exceeded"));
  CHECK(f.Scrape("a{x=\"\xc3\xa9\xc3\xa9\"} 1\n") == "");
  CHECK(f.Scrape("a{x=\"\xc3\xa9\xc3\xa9z\"} 1\n") != "");
}

TEST_CASE("a target whose own labels are too long fails as soon as it has samples, alone") {
  SeriesSettings settings;
  settings.label_value_length_limit = 4;
  RulesFixture f(settings, {{"job", "toolong"}});
  CHECK(f.Scrape("# nothing\n") == "");
  CHECK(f.Scrape("a 1\n").starts_with("label_value_length_limit exceeded by the value of \"job\""));
  RulesFixture other(settings, {{"job", "j"}});
  CHECK(other.Scrape("a 1\n") == "");
}

TEST_CASE("report series of pages that fail count what was read before") {
  RulesFixture f;
  f.Scrape("a 1\nb 1\n");
  CHECK(f.Counts() == Numbers{2, 2, 2});
  CHECK(f.Scrape("a 1\nc 1\nc 1\noops\nd 1\n", 2000) != "");
  CHECK(f.Counts() == Numbers{3, 3, 1});
  SUBCASE("a label twice") {
    CHECK(f.Scrape("a 1\nc{x=\"1\",x=\"2\"} 1\nd 1\n", 3000) != "");
    CHECK(f.Counts() == Numbers{2, 1, 0});
  }
  SUBCASE("the sample limit") {
    f.sample_limit = 2;
    CHECK(f.Scrape("a 1\nc 1\nd 1\ne 1\n", 3000) == "sample limit exceeded");
    CHECK(f.Counts() == Numbers{4, 4, 1});
    CHECK(f.Scrape("a 1\nb 1\n", 4000) == "");
  }
  SUBCASE("OpenMetrics without an end") {
    CHECK(f.Scrape("a 1\nc 1\n", 3000, PageFormat::kOpenMetricsText) != "");
    CHECK(f.Counts() == Numbers{2, 2, 1});
  }
}

TEST_CASE("wrong labels fail the page where the rules leave them") {
  const auto rule = [](RelabelAction action, const char* regex, const char* source) {
    RelabelRule made;
    made.action = action;
    made.regex = *AnchoredRegex::Compile(regex);
    if (*source != '\0') made.source_labels = {source};
    return made;
  };
  SeriesSettings settings;
  settings.rules = std::make_shared<const std::vector<RelabelRule>>(std::vector<RelabelRule>{
      rule(RelabelAction::kDrop, "bad.*", "__name__"), rule(RelabelAction::kDrop, "first", "y"),
      rule(RelabelAction::kLabelDrop, "x|", "")});
  RulesFixture f(settings);
  for (const char* line : {"bad{y=\"1\",y=\"2\"} 1\n", "bad{__name__=\"y\"} 1\n",
                           "bad{\"\"=\"x\"} 1\n", "c{y=\"first\",y=\"second\"} 1\n"}) {
    CAPTURE(line);
    for (const auto format : {PageFormat::kPrometheusText, PageFormat::kOpenMetricsText}) {
      const bool open = format == PageFormat::kOpenMetricsText;
      CHECK(f.Scrape(std::string(line) + "good 1\n" + (open ? "# EOF\n" : ""), 2000, format) == "");
      CHECK(f.Counts() == Numbers{2, 1, f.Counts()[2]});
    }
  }
  CHECK(f.Scrape("c{x=\"1\",x=\"2\",\"\"=\"3\"} 1\n") == "");
  CHECK(f.Counts()[1] == 1);
  CHECK(f.Scrape("bad{y=\"1\",y=\"2\"} 1\ngood 1\nc{y=\"1\",y=\"2\"} 1\n")
            .starts_with("label name \"y\" is not unique in "));
  CHECK(f.Counts()[1] == 1);
  CHECK(f.Scrape("c{job=\"1\",job=\"2\"} 1\n").starts_with("label name \"job\" is not unique"));
  CHECK(f.Scrape("bad{\"\xff\"=\"1\"} 1\n").starts_with("invalid label name in "));
  CHECK(f.Scrape("{\"c\xff\"} 1\n").starts_with("invalid metric name in "));
}

TEST_CASE("an answer without a byte is good, its series are stale and still known") {
  RulesFixture f;
  f.Scrape("a 1\n");
  f.recorded.Take();
  CHECK(f.Scrape("", 2000, PageFormat::kOpenMetricsText) == "");
  CHECK(f.recorded.Last("up") == 1);
  CHECK(f.Counts() == Numbers{0, 0, 0});
  CHECK(f.recorded.Take() == Lines{R"({__name__="a", job="j"} stale@2000)"});
  f.Scrape("a 1\n", 3000);
  CHECK(f.Counts() == Numbers{1, 1, 0});
  f.Scrape("# nothing\n", 4000);
  f.Scrape("a 1\n", 5000);
  CHECK(f.Counts() == Numbers{1, 1, 1});
}

TEST_CASE("extra_scrape_metrics adds three series") {
  SeriesSettings settings;
  settings.extra_metrics = true;
  RulesFixture f(settings);
  f.sample_limit = 5;
  CHECK(f.Scrape("a 1\n") == "");
  CHECK(f.recorded.Last("scrape_timeout_seconds") == 10);
  CHECK(f.recorded.Last("scrape_sample_limit") == 5);
  CHECK(f.recorded.Last("scrape_body_size_bytes") == 4);
  CHECK(f.series.active() == 9);
  CHECK(f.Scrape("scrape_body_size_bytes 7\n") == "");
  CHECK(f.recorded.Last("scrape_body_size_bytes") == 25);
  f.series.AppendVanished(f.writer, 5000);
  size_t stale = 0;
  for (const RecordedSample& sample : f.recorded.samples) stale += IsStaleNan(sample.value) ? 1 : 0;
  CHECK(stale == 1 + 8);  // a, and all that reports
  RulesFixture plain;
  plain.Scrape("a 1\n");
  CHECK(plain.recorded.Last("scrape_timeout_seconds") == -1);
}

TEST_CASE("track_timestamps_staleness gives markers to samples with timestamps too") {
  SeriesSettings settings;
  settings.track_timestamps_staleness = true;
  RulesFixture f(settings);
  f.Scrape("a 1 500\nb 2\n");
  f.recorded.Take();
  SUBCASE("a series that vanishes") {
    f.Scrape("b 2\n", 2000);
    CHECK(f.recorded.Take() ==
          Lines{R"({__name__="a", job="j"} stale@2000)", R"({__name__="b", job="j"} 2@2000)"});
  }
  SUBCASE("a scrape that fails") {
    f.Scrape("oops", 2000);
    CHECK(f.recorded.Take() ==
          Lines{R"({__name__="a", job="j"} stale@2000)", R"({__name__="b", job="j"} stale@2000)"});
  }
  SUBCASE("a target that vanishes") {
    f.series.AppendVanished(f.writer, 2000);
    CHECK(f.recorded.Take().size() == 2);
  }
}

TEST_CASE("a sample that is not newer than the last one of its series is left out and counted") {
  RulesFixture f;
  f.Scrape("a 1 500\nb 2 900\nc 3\n");
  f.recorded.Take();
  CHECK(f.Scrape("a 1 500\nb 2 800\nc 3\n", 2000) == "");
  CHECK(f.Counts() == Numbers{3, 3, 0});
  CHECK(f.recorded.Take() == Lines{R"({__name__="c", job="j"} 3@2000)"});
  CHECK(f.writer.samples_out_of_order_total == 2);
  f.Scrape("a 1 501\nb 2 900\nc 3\n", 3000);
  CHECK(f.recorded.Take() ==
        Lines{R"({__name__="a", job="j"} 1@501)", R"({__name__="c", job="j"} 3@3000)"});
  // Another page, the same memory.
  f.Scrape("d 1 10\na 1 501\nb 2 901\n", 4000);
  CHECK(f.recorded.Take() == Lines{R"({__name__="b", job="j"} 2@901)",
                                   R"({__name__="c", job="j"} stale@4000)",
                                   R"({__name__="d", job="j"} 1@10)"});
}

TEST_CASE("several samples of one series on a page are held against what was before the page") {
  RulesFixture f;
  f.Scrape("a 1 200\na 2 100\n");
  CHECK(f.recorded.Take() ==
        Lines{R"({__name__="a", job="j"} 1@200)", R"({__name__="a", job="j"} 2@100)"});
  f.Scrape("a 1 300\na 2 200\n", 2000);
  CHECK(f.recorded.Take() == Lines{R"({__name__="a", job="j"} 1@300)"});
  CHECK(f.writer.samples_out_of_order_total == 1);
}

TEST_CASE("samples with and without timestamps of one series are in one order") {
  RulesFixture f;
  f.Scrape("a 1 5000\nb 1\n", 1000);
  f.recorded.Take();
  SUBCASE("the scrape's time has to pass a timestamp that lay ahead") {
    f.Scrape("a 2\nb 2\n", 2000);
    CHECK(f.recorded.Take() == Lines{R"({__name__="b", job="j"} 2@2000)"});
    f.Scrape("a 3\nb 3\n", 6000);
    CHECK(f.recorded.Take() ==
          Lines{R"({__name__="a", job="j"} 3@6000)", R"({__name__="b", job="j"} 3@6000)"});
  }
  SUBCASE("a timestamp must be newer than the scrape before it") {
    f.Scrape("a 2 6000\nb 2 900\n", 2000);
    CHECK(f.recorded.Take() == Lines{R"({__name__="a", job="j"} 2@6000)"});
    f.Scrape("a 2 6001\nb 2 1001\n", 3000);
    CHECK(f.recorded.Take() ==
          Lines{R"({__name__="a", job="j"} 2@6001)", R"({__name__="b", job="j"} 2@1001)"});
  }
  SUBCASE("an answer without a byte has all its report series") {
    f.Scrape("", 2000);
    CHECK(f.recorded.Take(true).size() == kReportSeriesCount);  // and one marker, no duration
  }
}

TEST_CASE("a marker is not older than the series' samples") {
  SeriesSettings settings;
  settings.track_timestamps_staleness = true;
  RulesFixture f(settings);
  f.Scrape("a 1 5000\nb 2 900\n", 1000);
  f.recorded.Take();
  SUBCASE("of a series that vanishes") {
    f.Scrape("c 1 1\n", 2000);
    CHECK(f.recorded.Take() ==
          Lines{R"({__name__="b", job="j"} stale@2000)", R"({__name__="c", job="j"} 1@1)"});
  }
  SUBCASE("of a scrape that fails, and samples are newer than the marker") {
    f.Scrape("oops", 2000);
    CHECK(f.recorded.Take() == Lines{R"({__name__="b", job="j"} stale@2000)"});
    f.Scrape("a 1 5001\nb 2 1999\n", 3000);
    CHECK(f.recorded.Take() == Lines{R"({__name__="a", job="j"} 1@5001)"});
  }
}

TEST_CASE("a target that answers in another format keeps its series") {
  RulesFixture f;
  f.Scrape("# TYPE a counter\na_total 1\n");
  f.recorded.Take();
  CHECK(f.Scrape("# TYPE a counter\na_total 2\n# EOF\n", 2000, PageFormat::kOpenMetricsText) == "");
  CHECK(f.Counts() == Numbers{1, 1, 0});
  CHECK(f.recorded.Take() == Lines{R"({__name__="a_total", job="j"} 2@2000)"});
  CHECK(f.recorded.layout_ids.size() == 1);
}

}  // namespace
}  // namespace limpet
