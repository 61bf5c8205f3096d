#include "queue/log_samples.h"

#include <doctest/doctest.h>

#include <bit>
#include <limits>

#include "queue/record_fields.h"
#include "queue/sample_text.h"
#include "tests/queue/log_fixture.h"

namespace limpet {
namespace {

struct SampleLog : LogFixture {
  SampleLog() {
    options.segment_bytes = 4 * 1024;
    Open();
    AppendAll(0, 300);
    CloseLog();
  }
  // TIME SERIES VALUE lines.
  std::vector<std::string> Select(const SampleSelection& selection, size_t limit = SIZE_MAX) {
    std::vector<std::string> lines;
    const SampleReceiver receiver{
        [&](const SelectedSample& sample) {
          if (lines.size() == limit) return false;
          std::string line = std::to_string(sample.timestamp_ms - 1'700'000'000'000) + " ";
          AppendSeries(sample.labels, TextReader::kTerminal, line);
          line.push_back(' ');
          AppendSampleValue(sample.value, line);
          lines.push_back(line);
          return true;
        },
        [](const LogDamage& damage) { FAIL(damage.detail); }};
    REQUIRE(SelectSamples(files, "/storage", selection, {}, receiver).has_value());
    return lines;
  }
  SampleSelection Match(const std::string& text) {
    SampleSelection selection;
    selection.matchers.push_back(SeriesMatcher::Parse(text).value());
    return selection;
  }
};

TEST_CASE("samples by series, time and segment") {
  SampleLog log;
  size_t all = 0;
  for (uint64_t i = 0; i < 300; ++i) all += MakeScrape(i).values.size();
  CHECK(log.Select({}).size() == all);
  CHECK(log.Select({}, 7).size() == 7);

  // Line 0 has the sequence as its value; every third is host-0's, every seventh has layout b.
  SampleSelection one = log.Match("a{line=\"0\",instance=\"host-0\"}");
  const std::vector<std::string> lines = log.Select(one);
  REQUIRE(lines.size() == 85);
  CHECK(lines[0] == "0 a{instance=\"host-0\",job=\"test\",line=\"0\"} 0");
  CHECK(lines[1] == "1500 a{instance=\"host-0\",job=\"test\",line=\"0\"} 6");
  CHECK(log.Select(log.Match("{line=~\"[01]\",instance!~\"host-[12]\",__name__!=\"b\"}")).size() >
        lines.size());
  CHECK(log.Select(log.Match("{line=\"100\"}")).empty());
  CHECK(log.Select(log.Match("{nothing=\"\",line=\"0\"}")).size() == 300);

  one.from_ms = 1'700'000'001'500;
  one.to_ms = 1'700'000'001'500;
  CHECK(log.Select(one) == std::vector<std::string>{lines[1]});
  one.matchers.push_back(SeriesMatcher::Parse("b").value());
  CHECK(log.Select(one).size() == 1);

  size_t sum = 0;
  for (uint64_t number = 1; number <= log.files.List("/storage/log").value().size(); ++number) {
    SampleSelection segment;
    segment.segment = number;
    sum += log.Select(segment).size();
  }
  CHECK(sum == all);
  SampleSelection absent;
  absent.segment = 999;
  CHECK_FALSE(SelectSamples(log.files, "/storage", absent, {}, {}).has_value());
  CHECK_FALSE(SelectSamples(log.files, "/nowhere", {}, {}, {}).has_value());
}

TEST_CASE("a series' own label wins over the target's, an empty one too") {
  SeriesBlock::Builder builder;
  builder.BeginSeries();
  builder.AddLabel("__name__", "x");
  builder.AddLabel("instance", "");
  builder.AddLabel("job", "inner");
  ScrapeView scrape;
  scrape.layout = builder.Build();
  scrape.target = NewLogTarget(Labels{{"instance", "outer"}, {"job", "outer"}, {"zone", "z"}});
  CHECK(DeliveredLabels(scrape, 0) == Labels{{"__name__", "x"}, {"job", "inner"}, {"zone", "z"}});
}

std::string Series(const Labels& labels, TextReader reader = TextReader::kTerminal) {
  std::string out;
  AppendSeries(labels, reader, out);
  return out;
}

TEST_CASE("series as Prometheus writes them, and nothing that steers a terminal") {
  CHECK(Series({{"__name__", "up"}}) == "up");
  CHECK(Series({{"__name__", "up"}, {"a", "b"}, {"c", "d"}}) == "up{a=\"b\",c=\"d\"}");
  CHECK(Series({{"a", "b"}}) == "{a=\"b\"}");
  CHECK(Series({}) == "{}");
  CHECK(Series({{"__name__", "a.b"}, {"x y", "z"}}) == "{\"a.b\",\"x y\"=\"z\"}");
  const Labels hostile{{"__name__", "m"},
                       {"v",
                        "\x1b[2J\\\"\n\xff\x7f\xc2\x9b"
                        "31m\xe2\x80\xae\xc3\xa9"}};
  CHECK(Series(hostile) == "m{v=\"\\x1b[2J\\\\\\\"\\n\\xff\\x7f\\u009b31m\\u202e\xc3\xa9\"}");
  CHECK(Series(hostile, TextReader::kOpenMetrics) ==
        "m{v=\"\x1b[2J\\\\\\\"\\n\xff\x7f\xc2\x9b"
        "31m\xe2\x80\xae\xc3\xa9\"}");
  CHECK(ForTerminal("a\x1b\xc2\x9b b") == "a\\x1b\\u009b b");
  CHECK(JsonForTerminal("{\"a\":\"\x7f\xc2\x9b\xc3\xa9\"}") ==
        "{\"a\":\"\\u007f\\u009b\xc3\xa9\"}");
}

TEST_CASE("values are written in full") {
  const auto text = [](double value) {
    std::string out;
    AppendSampleValue(value, out);
    return out;
  };
  CHECK(text(0.1) == "0.1");
  CHECK(text(1e300) == "1e+300");
  CHECK(text(-0.0) == "-0");
  CHECK(text(12345678901234567.0) == "12345678901234568");
  CHECK(text(std::numeric_limits<double>::infinity()) == "+Inf");
  CHECK(text(-std::numeric_limits<double>::infinity()) == "-Inf");
  CHECK(text(StaleNan()) == "stale");
  CHECK(text(std::bit_cast<double>(kNormalNanBits)) == "NaN");
  CHECK(text(std::bit_cast<double>(0xfff8000000000000)) == "NaN(0xfff8000000000000)");
}

TEST_CASE("selectors") {
  const Labels labels{{"__name__", "up"}, {"job", "api"}, {"path", "/a.b"}, {"a b", "c"}};
  const auto matches = [&](const char* text) {
    return SeriesMatcher::Parse(text).value().Matches(labels);
  };
  for (const char* text :
       {"up", " up { } ", "up{job=\"api\"}", "{job=~\"a.*\"}", "{job!~\"b.*\",}", "{none=\"\"}",
        "up{ job = 'api' , path != \"x\" }", "{\"up\"}", "{\"a b\"=\"c\"}", "{path=~`/a\\.b`}",
        "{path=~\"/a\\\\.b\"}", "{\"up\",job=\"api\"}", "{job=~\"api|web\"}"}) {
    CAPTURE(text);
    CHECK(matches(text));
  }
  for (const char* text : {"down", "up{job=\"ap\"}", "{job=~\"a\"}", "{job!=\"api\"}",
                           "{none!=\"\"}", "{\"a b\"=\"d\"}", "{job!~\"a.*\"}"}) {
    CAPTURE(text);
    CHECK_FALSE(matches(text));
  }
  for (const char* text : {"", "{}", "up{", "up{job}", "up{job=}", "up{job=\"a}", "up}", "1up",
                           "up{job=~\"(\"}", "up{job==\"a\"}", "up{job=\"a\" path=\"b\"}",
                           "up{path=~\"a\\.b\"}", "up{,}", "up{!=\"a\"}"}) {
    CAPTURE(text);
    const auto parsed = SeriesMatcher::Parse(text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK_FALSE(parsed.error().message.empty());
  }
  CHECK_FALSE(SeriesMatcher::Parse(std::string(kMatcherTextMax + 1, 'a')).has_value());
}

TEST_CASE("what a record says of itself") {
  SampleLog log;
  class Fields : public SegmentVisitor {
   public:
    void OnHeader(const SegmentHeader& header) override { created_ms = header.created_ms; }
    bool OnRecord(const InspectedRecord& record) override {
      all.push_back(FieldsOf(record.record, created_ms));
      return all.size() < 5;
    }
    void OnDamage(const LogDamage& damage) override { FAIL(damage.detail); }
    int64_t created_ms = 0;
    std::vector<RecordFields> all;
  } visitor;
  REQUIRE(InspectSegment(log.files, "/storage/log/0000000000000001.seg", {1, false, {}}, visitor)
              .has_value());
  std::map<std::string_view, int> types;
  for (const RecordFields& fields : visitor.all) {
    CHECK(fields.well_formed);
    ++types[fields.type];
    const std::map<std::string_view, int64_t> numbers(fields.numbers.begin(), fields.numbers.end());
    if (fields.type == "target") CHECK(fields.labels.Get("job") == "test");
    if (fields.type == "chunk") CHECK(numbers.at("series") == 20);
    if (fields.type == "layout") CHECK(numbers.at("chunks") == 1);
    if (fields.type != "scrape") continue;
    CHECK(numbers.at("samples") == 20);
    CHECK(numbers.at("time_ms") >= 1'700'000'000'000);
    CHECK(numbers.contains("target"));
  }
  CHECK(types["chunk"] == 1);
  CHECK(types["layout"] == 1);
  CHECK(types["target"] >= 1);
  CHECK(types["scrape"] >= 1);
  const RecordFields unknown = FieldsOf({static_cast<RecordType>(14), "x", 10}, 0);
  CHECK(unknown.type == "unknown");
  CHECK_FALSE(FieldsOf({RecordType::kScrape, "", 9}, 0).well_formed);
}

TEST_CASE("samples come with their histograms and exemplars") {
  SampleLog log;
  uint64_t histograms = 0;
  uint64_t exemplars = 0;
  const SampleReceiver receiver{
      [&](const SelectedSample& sample) {
        if (!sample.histogram.empty()) {
          ++histograms;
          const auto sequence = static_cast<uint64_t>(sample.value);
          const bool first = sample.labels.Get("line") == "0";
          CHECK(sample.histogram == HistogramMessage(first ? sequence : 7));
        }
        for (const ExemplarSample& exemplar : sample.exemplars) {
          ++exemplars;
          CHECK(exemplar.labels.find("trace-") != std::string_view::npos);
        }
        return true;
      },
      [](const LogDamage& damage) { FAIL(damage.detail); }};
  REQUIRE(SelectSamples(log.files, "/storage", {}, {}, receiver).has_value());
  uint64_t expected_histograms = 0;
  uint64_t expected_exemplars = 0;
  for (uint64_t i = 0; i < 300; ++i) {
    expected_histograms += MakeScrape(i).attachments.histograms.size();
    expected_exemplars += MakeScrape(i).attachments.exemplars.size();
  }
  CHECK(expected_histograms > 0);
  CHECK(histograms == expected_histograms);
  CHECK(exemplars == expected_exemplars);
}

}  // namespace
}  // namespace limpet
