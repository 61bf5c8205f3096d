#include "agent/scrape/target_labels.h"

#include <doctest/doctest.h>

#include "agent/scrape/compact_labels.h"
#include "agent/scrape/duration_text.h"

namespace limpet {
namespace {

ScrapeConfig Job() {
  ScrapeConfig job;
  job.job_name = "api";
  return job;
}

std::string ErrorOf(const ScrapeConfig& job, const Labels& target) {
  auto made = MakeTarget(job, DiscoveredLabels(job, {}, target));
  return made ? "no error" : made.error().message;
}

TargetSpec Made(const ScrapeConfig& job, const Labels& target) {
  auto made = MakeTarget(job, DiscoveredLabels(job, {}, target));
  REQUIRE(made.has_value());
  REQUIRE(made->has_value());
  return **made;
}

TEST_CASE("the target's labels win over the group's, those over the job's defaults") {
  ScrapeConfig job = Job();
  job.params["module"] = {"a", "b"};
  job.convert_classic_histograms_to_nhcb = true;
  const Labels discovered =
      DiscoveredLabels(job, Labels{{"__meta_x", "g"}, {"job", "group"}, {"__address__", "g:1"}},
                       Labels{{"__address__", "t:1"}, {"__scheme__", "https"}});
  CHECK(discovered == Labels{{"__address__", "t:1"},
                             {"__always_scrape_classic_histograms__", "false"},
                             {"__convert_classic_histograms_to_nhcb__", "true"},
                             {"__meta_x", "g"},
                             {"__metrics_path__", "/metrics"},
                             {"__param_module", "a"},
                             {"__scheme__", "https"},
                             {"__scrape_native_histograms__", "false"},
                             {"__scrape_interval__", "15s"},
                             {"__scrape_timeout__", "10s"},
                             {"job", "group"}});
}

TEST_CASE("a target of an address") {
  const TargetSpec spec = Made(Job(), Labels{{"__address__", "10.0.0.1:80"}, {"__meta_a", "b"}});
  CHECK(spec.labels == Labels{{"instance", "10.0.0.1:80"}, {"job", "api"}});
  CHECK(spec.url.ToString() == "http://10.0.0.1:80/metrics");
  CHECK(spec.interval == Millis(15000));
  CHECK(spec.timeout == Millis(10000));
}

TEST_CASE("labels decide the request") {
  ScrapeConfig job = Job();
  job.params = {{"module", {"a", "b"}}, {"x y", {"&"}}};
  const TargetSpec spec = Made(job, Labels{{"__address__", "h"},
                                           {"__metrics_path__", "probe me?"},
                                           {"__scheme__", "https"},
                                           {"__param_module", "c"},
                                           {"__param_target", "t"},
                                           {"__scrape_interval__", "1m30s"},
                                           {"__scrape_timeout__", "500ms"},
                                           {"instance", "own"}});
  CHECK(spec.url.ToString() == "https://h/probe%20me%3F?module=c&module=b&target=t&x+y=%26");
  CHECK(spec.url.port == 443);
  CHECK(spec.interval == Millis(90000));
  CHECK(spec.timeout == Millis(500));
  CHECK(spec.labels == Labels{{"instance", "own"}, {"job", "api"}});
}

TEST_CASE("labels decide about histograms, else the job") {
  ScrapeConfig job = Job();
  job.scrape_native_histograms = true;
  const Labels base{{"__address__", "h"}};
  CHECK(Made(job, base).histograms == HistogramFlags{.native = true});
  const TargetSpec spec = Made(job, Labels{{"__address__", "h"},
                                           {"__always_scrape_classic_histograms__", "T"},
                                           {"__convert_classic_histograms_to_nhcb__", "1"},
                                           {"__scrape_native_histograms__", "False"}});
  CHECK(spec.histograms == HistogramFlags{.always_classic = true, .convert = true});
  CHECK(spec.identity != Made(job, base).identity);
  for (const char* text : {"yes", "TrUe", "2", " "}) {
    CHECK(ErrorOf(job, Labels{{"__address__", "h"}, {"__scrape_native_histograms__", text}}) ==
          "error parsing scrape native histograms: \"" + std::string(text) +
              "\" is neither true nor false");
  }
}

TEST_CASE("relabelling may drop a target or leave one that is none") {
  ScrapeConfig job = Job();
  RelabelRule keep;
  keep.action = RelabelAction::kKeep;
  keep.source_labels = {"__meta_app"};
  keep.regex = *AnchoredRegex::Compile("yes");
  job.relabel_configs = {keep};
  auto dropped = MakeTarget(job, DiscoveredLabels(job, {}, Labels{{"__address__", "h"}}));
  REQUIRE(dropped.has_value());
  CHECK_FALSE(dropped->has_value());
  const Labels yes{{"__meta_app", "yes"}};
  CHECK(ErrorOf(job, yes) == "no address");
  const auto with = [](std::vector<Label> labels) {
    labels.push_back({"__meta_app", "yes"});
    return Labels(labels);
  };
  CHECK(ErrorOf(job, with({{"__address__", "http://h"}})) ==
        "\"http://h\" is not a valid hostname");
  CHECK(ErrorOf(job, with({{"__address__", "h:1?x="}})) == "\"h:1?x=\" is not a valid hostname");
  CHECK(ErrorOf(job, with({{"__address__", "h#"}})) == "\"h#\" is not a valid hostname");
  CHECK(ErrorOf(job, with({{"__address__", "h"}, {"__scrape_interval__", "0"}})) ==
        "scrape interval cannot be 0");
  CHECK(ErrorOf(job, with({{"__address__", "h"}, {"__scrape_timeout__", "5"}})) ==
        "error parsing scrape timeout: not a valid duration: \"5\"");
  CHECK(ErrorOf(job, with({{"__address__", "h"}, {"__scrape_timeout__", "16s"}})) ==
        "scrape timeout cannot be greater than scrape interval (16s > 15s)");
  CHECK(ErrorOf(job, with({{"__address__", "h"}, {"__scheme__", "ftp"}})) != "no error");
  CHECK(ErrorOf(job, with({{"__address__", "h"}, {"x", "\xff"}})) ==
        "invalid label value for \"x\"");
}

TEST_CASE("identity is that of labels and URL, stable and without __meta_ labels") {
  const Labels base{{"__address__", "h:1"}};
  const uint64_t identity = Made(Job(), base).identity;
  CHECK(Made(Job(), Labels{{"__address__", "h:1"}, {"__meta_a", "b"}}).identity == identity);
  CHECK(Made(Job(), Labels{{"__address__", "h:2"}}).identity != identity);
  CHECK(Made(Job(), Labels{{"__address__", "h:1"}, {"a", "b"}}).identity != identity);
  ScrapeConfig other = Job();
  other.params["a"] = {"b", "c"};
  CHECK(Made(other, base).identity != identity);
}

TEST_CASE("durations") {
  const struct {
    const char* text;
    int64_t ms;
    const char* normal;
  } good[] = {{"0", 0, "0s"},
              {"0s", 0, "0s"},
              {"15s", 15000, "15s"},
              {"1m30s", 90000, "1m30s"},
              {"90s", 90000, "1m30s"},
              {"500ms", 500, "500ms"},
              {"1d", 86400000, "1d"},
              {"2w", 1209600000, "2w"},
              {"1y", 31536000000, "1y"},
              {"25h", 90000000, "1d1h"},
              {"1w1d", 691200000, "8d"},
              {"1h1ms", 3600001, "1h1ms"}};
  for (const auto& c : good) {
    CAPTURE(c.text);
    auto parsed = ParseDurationText(c.text);
    REQUIRE(parsed.has_value());
    CHECK(parsed->count() == c.ms);
    CHECK(DurationText(*parsed) == c.normal);
  }
  for (const char* text : {"", "1", "s", "1x", "-1s", "+1s", "1s1m", "1s1s", "1.5s", "1 s", "999y",
                           "99999999999999999999s", "1m 2s"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseDurationText(text).has_value());
  }
}

TEST_CASE("compact labels come back as they were") {
  const Labels labels{{"__address__", "10.0.0.1:80"},
                      {"__meta_kubernetes_pod_label_app", std::string(300, 'x')},
                      {"__meta_kubernetes_pod_labelpresent_app", "true"},
                      {"__meta_kubernetes_pod_name", "n"},
                      {"__scrape_interval__", "15s"},
                      {"job", "\xc3\xa9"}};
  CHECK(CompactLabels(labels).Expand() == labels);
  CHECK(CompactLabels(Labels()).Expand() == Labels());
  CHECK(CompactLabels(labels).bytes() < 400);
}

}  // namespace
}  // namespace limpet
