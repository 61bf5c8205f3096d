#include "agent/scrape/target_series.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "agent/scrape/layout_builder.h"
#include "tests/scrape/recorded_samples.h"

namespace limpet {
namespace {

using Lines = std::vector<std::string>;

// A target whose pages are given by hand.
class SeriesFixture {
 public:
  explicit SeriesFixture(Labels target = {{"job", "j"}}, bool honor_labels = false,
                         std::vector<RelabelRule> rules = {}, bool honor_timestamps = true)
      : labels(std::move(target)),
        series(Scope(honor_labels, honor_timestamps, std::move(rules)), labels) {
    writer.append = [this](const ScrapeView& view) { recorded.Append(view); };
  }

  std::shared_ptr<const LayoutScope> Scope(bool honor_labels, bool honor_timestamps,
                                           std::vector<RelabelRule> rules) {
    return writer.layouts.Intern(
        NewLayoutScope(honor_labels, honor_timestamps,
                       std::make_shared<const std::vector<RelabelRule>>(std::move(rules)), labels));
  }

  // One scrape; its error, or nothing.
  std::string Scrape(std::string_view page, int64_t timestamp_ms = 1000) {
    PageCounts counts;
    auto layout = series.ReadPage(writer, page, series_max, counts);
    const ScrapeFacts time{timestamp_ms, timestamp_ms, 0.5, static_cast<int64_t>(page.size())};
    if (layout) {
      series.AppendPage(writer, *layout, time);
      return "";
    }
    series.AppendFailure(writer, counts, time);
    return layout.error().message;
  }

  SeriesWriter writer;
  RecordedSamples recorded;
  uint64_t series_max = 0;
  Labels labels;
  TargetSeries series;
};

RelabelRule Rule(RelabelAction action, std::vector<std::string> sources, const std::string& regex,
                 std::string target = "", std::string replacement = "$1") {
  RelabelRule rule;
  rule.action = action;
  rule.source_labels = std::move(sources);
  rule.regex = *AnchoredRegex::Compile(regex);
  rule.target_label = std::move(target);
  rule.replacement = std::move(replacement);
  return rule;
}

TEST_CASE("a scrape is one record with the page's samples and the report series") {
  SeriesFixture f;
  CHECK(f.Scrape("a 1\nb{x=\"y\"} 2\n") == "");
  CHECK(f.recorded.records == 1);
  CHECK(f.recorded.Take(true) ==
        Lines{R"({__name__="a", job="j"} 1@1000)", R"({__name__="b", job="j", x="y"} 2@1000)",
              R"({__name__="scrape_samples_post_metric_relabeling", job="j"} 2@1000)",
              R"({__name__="scrape_samples_scraped", job="j"} 2@1000)",
              R"({__name__="scrape_series_added", job="j"} 2@1000)",
              R"({__name__="up", job="j"} 1@1000)"});
  f.Scrape("a 3\nb{x=\"y\"} 4\n", 2000);
  CHECK(f.recorded.records == 2);
  CHECK(f.recorded.Last("scrape_series_added") == 0);
  CHECK(f.recorded.Last("scrape_duration_seconds") == 0.5);
  CHECK(f.recorded.Take() ==
        Lines{R"({__name__="a", job="j"} 3@2000)", R"({__name__="b", job="j", x="y"} 4@2000)"});
  CHECK(f.writer.layouts.usage().layouts == 1);
}

TEST_CASE("a series that vanishes gets one marker, at the time of the scrape that misses it") {
  SeriesFixture f;
  f.Scrape("a 1\nb 2\n");
  f.recorded.Take();
  f.Scrape("a 1\n", 2000);
  CHECK(f.recorded.Take() ==
        Lines{R"({__name__="a", job="j"} 1@2000)", R"({__name__="b", job="j"} stale@2000)"});
  f.Scrape("a 1\n", 3000);
  CHECK(f.recorded.Take() == Lines{R"({__name__="a", job="j"} 1@3000)"});
  f.Scrape("a 1\nb 5\n", 4000);
  CHECK(f.recorded.Last("scrape_series_added") == 1);
  CHECK(f.recorded.Take() ==
        Lines{R"({__name__="a", job="j"} 1@4000)", R"({__name__="b", job="j"} 5@4000)"});
}

TEST_CASE("lines that only move, comments and spelling make no markers") {
  SeriesFixture f;
  f.Scrape("a{x=\"1\",y=\"2\"} 1\nb 2\n");
  f.recorded.Take();
  f.Scrape("b 3\na{y=\"2\",x=\"1\"} 4\n", 2000);
  CHECK(f.recorded.Last("scrape_series_added") == 0);
  CHECK(f.recorded.Take() == Lines{R"({__name__="a", job="j", x="1", y="2"} 4@2000)",
                                   R"({__name__="b", job="j"} 3@2000)"});
  f.Scrape("# now with a comment\nb  5\n\na{x=\"1\",y=\"2\"} 6", 3000);
  CHECK(f.recorded.Take() == Lines{R"({__name__="a", job="j", x="1", y="2"} 6@3000)",
                                   R"({__name__="b", job="j"} 5@3000)"});
  CHECK(f.recorded.layout_ids.size() == 1);  // no new dictionary in the log either
}

TEST_CASE("a failed scrape is one record of markers, the next failure has just the report series") {
  SeriesFixture f;
  f.Scrape("a 1\nb 2\n");
  f.recorded.Take();
  CHECK(f.Scrape("a 1\noops\n", 2000) != "");
  CHECK(f.recorded.records == 2);
  CHECK(f.recorded.Last("scrape_samples_scraped") == 1);
  CHECK(f.recorded.Last("up") == 0);
  CHECK(f.recorded.Take() ==
        Lines{R"({__name__="a", job="j"} stale@2000)", R"({__name__="b", job="j"} stale@2000)"});
  f.Scrape("oops", 3000);
  CHECK(f.recorded.Take() == Lines{});
  CHECK(f.series.active() == kReportSeriesCount);
  // Back again: no series is new, none is stale.
  f.Scrape("a 3\nb 4\n", 4000);
  CHECK(f.recorded.Last("scrape_series_added") == 0);
  CHECK(f.recorded.Last("up") == 1);
  CHECK(f.recorded.Take() ==
        Lines{R"({__name__="a", job="j"} 3@4000)", R"({__name__="b", job="j"} 4@4000)"});
}

TEST_CASE("the first scrape may fail and a page may be empty") {
  SeriesFixture f;
  CHECK(f.Scrape("oops") != "");
  CHECK(f.recorded.Last("up") == 0);
  CHECK(f.recorded.Take() == Lines{});
  CHECK(f.Scrape("", 2000) == "");
  CHECK(f.recorded.Last("up") == 1);
  CHECK(f.recorded.Last("scrape_samples_scraped") == 0);
  f.Scrape("a 1\n", 3000);
  CHECK(f.recorded.Last("scrape_series_added") == 1);
  f.recorded.Take();
  f.Scrape("# nothing\n", 4000);
  CHECK(f.recorded.Take() == Lines{R"({__name__="a", job="j"} stale@4000)"});
}

TEST_CASE("a vanished target leaves markers for everything, later than its last sample") {
  SeriesFixture f;
  f.Scrape("a 1\n", 5000);
  f.recorded.Take();
  f.series.AppendVanished(f.writer, 4000);
  const Lines lines = f.recorded.Take(true);
  REQUIRE(lines.size() == 5);
  CHECK(lines[0] == R"({__name__="a", job="j"} stale@5001)");
  CHECK(lines[4] == R"({__name__="up", job="j"} stale@5001)");
  CHECK(f.writer.last_marker_ms == 5001);
  f.series.AppendVanished(f.writer, 9000);
  CHECK(f.recorded.samples.empty());
}

TEST_CASE("a successor with the same labels goes on without markers") {
  SeriesFixture f;
  f.Scrape("a 1\nb 2\n");
  TargetSeries next(f.Scope(false, true, {}), f.labels);
  next.TakeOver(f.series);
  f.series.AppendVanished(f.writer, 1500);
  f.recorded.Take();
  f.series = std::move(next);
  f.Scrape("b 3\n", 2000);
  CHECK(f.recorded.Take() ==
        Lines{R"({__name__="a", job="j"} stale@2000)", R"({__name__="b", job="j"} 3@2000)"});
}

TEST_CASE("samples with timestamps of their own keep them and get no markers") {
  SeriesFixture f;
  f.Scrape("a 1 500\nb 2\n");
  CHECK(f.recorded.Take() ==
        Lines{R"({__name__="a", job="j"} 1@500)", R"({__name__="b", job="j"} 2@1000)"});
  f.Scrape("a 1 600\nb 3\n", 2000);
  CHECK(f.recorded.Take() ==
        Lines{R"({__name__="a", job="j"} 1@600)", R"({__name__="b", job="j"} 3@2000)"});
  CHECK(f.writer.layouts.usage().layouts == 1);
  SUBCASE("the series vanish") {
    f.Scrape("", 3000);
    CHECK(f.recorded.Take() == Lines{R"({__name__="b", job="j"} stale@3000)"});
  }
  SUBCASE("the scrape fails") {
    f.Scrape("oops", 3000);
    CHECK(f.recorded.Last("up") == 0);
    CHECK(f.recorded.Take() == Lines{R"({__name__="b", job="j"} stale@3000)"});
  }
  SUBCASE("the target vanishes") {
    f.series.AppendVanished(f.writer, 3000);
    CHECK(f.recorded.Take() == Lines{R"({__name__="b", job="j"} stale@3000)"});
  }
  SUBCASE("one without a timestamp where there was one is the same series") {
    f.Scrape("a 7\nb 3\n", 3000);
    CHECK(f.recorded.Take() ==
          Lines{R"({__name__="a", job="j"} 7@3000)", R"({__name__="b", job="j"} 3@3000)"});
  }
}

TEST_CASE("honor_timestamps false takes the time of the scrape") {
  SeriesFixture f({{"job", "j"}}, false, {}, false);
  f.Scrape("a 1 500\n");
  f.Scrape("", 2000);
  CHECK(f.recorded.Take() ==
        Lines{R"({__name__="a", job="j"} 1@1000)", R"({__name__="a", job="j"} stale@2000)"});
}

TEST_CASE("a timestamp more than ten minutes ahead is left out and counted") {
  SeriesFixture f;
  f.Scrape("a 1 601001\nb 2 601000\nc 3\n");
  CHECK(f.recorded.Last("up") == 1);
  CHECK(f.recorded.Last("scrape_samples_scraped") == 3);
  CHECK(f.recorded.Take() ==
        Lines{R"({__name__="b", job="j"} 2@601000)", R"({__name__="c", job="j"} 3@1000)"});
  CHECK(f.writer.samples_out_of_bounds_total == 1);
}

TEST_CASE("of the samples of one series the first counts") {
  SeriesFixture f;
  f.Scrape("a{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\"} 2\nb 3\n");
  CHECK(f.recorded.Last("scrape_samples_post_metric_relabeling") == 3);
  CHECK(f.recorded.Take() == Lines{R"({__name__="a", job="j", x="1", y="2"} 1@1000)",
                                   R"({__name__="b", job="j"} 3@1000)"});
  CHECK(f.writer.samples_duplicate_total == 1);
  SUBCASE("a page cannot say that it is up itself") {
    f.Scrape("up 7\n");
    CHECK(f.recorded.Last("up") == 1);
    CHECK(f.writer.samples_duplicate_total == 2);
  }
  SUBCASE("samples of different times are no duplicates") {
    f.recorded.Take();
    f.Scrape("a 1 100\na 2 200\n");
    CHECK(f.recorded.Take() == Lines{R"({__name__="a", job="j", x="1", y="2"} stale@1000)",
                                     R"({__name__="a", job="j"} 1@100)",
                                     R"({__name__="a", job="j"} 2@200)",
                                     R"({__name__="b", job="j"} stale@1000)"});
  }
}

TEST_CASE("labels that the target has too") {
  const Labels target{{"instance", "i"}, {"job", "j"}, {"exported_job", "e"}};
  SUBCASE("become exported_NAME, until the name is free") {
    SeriesFixture f(target);
    f.Scrape("a{job=\"x\",instance=\"\",exported_exported_job=\"z\"} 1\n");
    CHECK(f.recorded.Take() ==
          Lines{"{__name__=\"a\", exported_exported_exported_job=\"x\", "
                "exported_exported_job=\"z\", exported_job=\"e\", instance=\"i\", job=\"j\"} "
                "1@1000"});
  }
  SUBCASE("shorter names first") {
    SeriesFixture f(target);
    f.Scrape("a{job=\"x\",exported_job=\"y\"} 1\n");
    CHECK(f.recorded.Take() ==
          Lines{"{__name__=\"a\", exported_exported_exported_job=\"y\", "
                "exported_exported_job=\"x\", exported_job=\"e\", instance=\"i\", job=\"j\"} "
                "1@1000"});
  }
  SUBCASE("win with honor_labels, empty ones too") {
    SeriesFixture f(target, true);
    f.Scrape("a{job=\"x\",instance=\"\"} 1\nb 2\n");
    CHECK(f.recorded.Take() ==
          Lines{R"({__name__="a", exported_job="e", job="x"} 1@1000)",
                R"({__name__="b", exported_job="e", instance="i", job="j"} 2@1000)"});
  }
  SUBCASE(
      "with honor_labels, a series that is another one's only by the target's labels is a "
      "duplicate") {
    SeriesFixture f({{"job", "j"}}, true);
    f.Scrape("a{job=\"j\"} 1\na 2\nup{job=\"j\"} 3\n");
    CHECK(f.recorded.Last("up") == 1);
    CHECK(f.recorded.Take() == Lines{R"({__name__="a", job="j"} 1@1000)"});
  }
  SUBCASE("with honor_labels, targets share what has no labels of their names") {
    SeriesFixture f({{"job", "j"}}, true);
    TargetSeries other(f.Scope(true, true, {}), Labels{{"job", "k"}});
    PageCounts counts;
    const auto first = f.series.ReadPage(f.writer, "a 1\nb{x=\"y\"} 2\n", 0, counts);
    const auto second = other.ReadPage(f.writer, "a 5\nb{x=\"y\"} 6\n", 0, counts);
    CHECK(*first == *second);
    f.Scrape("a 1\nb{x=\"y\"} 2\n");
    f.recorded.Take();
    f.Scrape("a 3\nb{job=\"z\"} 4\n", 2000);
    CHECK(f.recorded.Last("scrape_series_added") == 1);
    CHECK(f.recorded.Take() == Lines{R"({__name__="a", job="j"} 3@2000)",
                                     R"({__name__="b", job="j", x="y"} stale@2000)",
                                     R"({__name__="b", job="z"} 4@2000)"});
    f.Scrape("a 5\n", 3000);
    CHECK(f.recorded.Take() ==
          Lines{R"({__name__="a", job="j"} 5@3000)", R"({__name__="b", job="z"} stale@3000)"});
  }
  SUBCASE("win with honor_labels where the layout has complete labels") {
    SeriesFixture f(target, true,
                    {Rule(RelabelAction::kReplace, {"exported_job"}, "(.*)", "copy")});
    f.Scrape("a{job=\"x\",instance=\"\"} 1\n");
    CHECK(f.recorded.Take() ==
          Lines{R"({__name__="a", copy="e", exported_job="e", job="x"} 1@1000)"});
  }
}

TEST_CASE("a page of too many samples is refused before its layout takes memory") {
  std::string page;
  for (uint64_t i = 0; i <= kSamplesPerPageMax; ++i) page += "a 1\n";
  SeriesFixture f;
  CHECK(f.Scrape(page) == "more than 1000000 samples on the page");
  CHECK(f.recorded.Last("up") == 0);
}

TEST_CASE("metric_relabel_configs") {
  SUBCASE("that leave the target's labels alone keep the layout shared") {
    SeriesFixture f({{"job", "j"}}, false, {Rule(RelabelAction::kDrop, {"__name__"}, "go_.*")});
    f.Scrape("go_x 1\na 2\n");
    CHECK(f.recorded.Last("scrape_samples_scraped") == 2);
    CHECK(f.recorded.Last("scrape_samples_post_metric_relabeling") == 1);
    CHECK(f.recorded.Take() == Lines{R"({__name__="a", job="j"} 2@1000)"});
    TargetSeries other(f.Scope(false, true, {Rule(RelabelAction::kDrop, {"__name__"}, "go_.*")}),
                       Labels{{"job", "k"}});
    PageCounts counts;
    auto first = f.series.ReadPage(f.writer, "go_x 1\na 2\n", 0, counts);
    auto second = other.ReadPage(f.writer, "go_x 5\na 6\n", 0, counts);
    CHECK(*first == *second);
  }
  SUBCASE("that read them make a layout of the target's own") {
    SeriesFixture f(
        {{"job", "j"}}, false,
        {Rule(RelabelAction::kReplace, {"job", "__name__"}, "(.*);(.*)", "both", "$1-$2")});
    f.Scrape("a 2\n");
    CHECK(f.recorded.Take() == Lines{R"({__name__="a", both="j-a", job="j"} 2@1000)"});
    CHECK(f.recorded.samples.empty());
  }
  SUBCASE("may not take the name") {
    SeriesFixture f({{"job", "j"}}, false, {Rule(RelabelAction::kLabelDrop, {}, "__name__")});
    CHECK(f.Scrape("a 2\n") == "missing metric name (__name__ label) in \"a \"");
  }
  SUBCASE("do not concern the report series") {
    SeriesFixture f({{"job", "j"}}, false, {Rule(RelabelAction::kDrop, {"job"}, ".*")});
    f.Scrape("a 2\n");
    CHECK(f.recorded.Last("up") == 1);
    CHECK(f.recorded.Take() == Lines{});
  }
  SUBCASE("may make two series one") {
    SeriesFixture f({{"job", "j"}}, false, {Rule(RelabelAction::kLabelDrop, {}, "x")});
    f.Scrape("a{x=\"1\"} 1\na{x=\"2\"} 2\n");
    CHECK(f.recorded.Take() == Lines{R"({__name__="a", job="j"} 1@1000)"});
  }
}

TEST_CASE("other rules after a reload make markers only for what is gone") {
  SeriesFixture f;
  f.Scrape("a 1\nb{x=\"1\"} 2\n");
  f.recorded.Take();
  SUBCASE("shared as before") {
    f.series.ChangeScope(f.Scope(false, true, {Rule(RelabelAction::kDrop, {"__name__"}, "a")}));
  }
  SUBCASE("with complete labels") {
    f.series.ChangeScope(
        f.Scope(false, true, {Rule(RelabelAction::kDrop, {"__name__", "job"}, "a;j")}));
  }
  f.Scrape("a 3\nb{x=\"1\"} 4\n", 2000);
  CHECK(f.recorded.Take() ==
        Lines{R"({__name__="a", job="j"} stale@2000)", R"({__name__="b", job="j", x="1"} 4@2000)"});
}

TEST_CASE("the sample limit counts after relabelling and takes back the whole page") {
  SeriesFixture f({{"job", "j"}}, false, {Rule(RelabelAction::kDrop, {"__name__"}, "go_.*")});
  f.series_max = 2;
  CHECK(f.Scrape("go_x 1\na 2\nb 3\n") == "");
  f.recorded.Take();
  CHECK(f.Scrape("go_x 1\na 2\nb 3\nc 4\nd 5\n", 2000) == "sample limit exceeded");
  CHECK(f.recorded.Last("up") == 0);
  CHECK(f.recorded.Last("scrape_samples_scraped") == 5);
  CHECK(f.recorded.Last("scrape_samples_post_metric_relabeling") == 4);
  CHECK(f.recorded.Take() ==
        Lines{R"({__name__="a", job="j"} stale@2000)", R"({__name__="b", job="j"} stale@2000)"});
  f.series_max = 1;
  CHECK(f.Scrape("go_x 1\na 2\nb 3\n", 3000) == "sample limit exceeded");
}

TEST_CASE("a TYPE line that changes how a label is spelled changes the series") {
  SeriesFixture f;
  f.Scrape("# TYPE h histogram\nh{le=\"1\"} 1\n");
  CHECK(f.recorded.Take() == Lines{R"({__name__="h", job="j", le="1.0"} 1@1000)"});
  f.Scrape("# TYPE h gauge\nh{le=\"1\"} 1\n", 2000);
  CHECK(f.recorded.Take() == Lines{R"({__name__="h", job="j", le="1"} 1@2000)",
                                   R"({__name__="h", job="j", le="1.0"} stale@2000)"});
  CHECK(f.Scrape("# TYPE h oops\nh{le=\"1\"} 1\n", 3000) != "");
}

}  // namespace
}  // namespace limpet
