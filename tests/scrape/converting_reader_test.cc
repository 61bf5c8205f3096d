// Classic histograms made into native ones with custom buckets: from text, and their arithmetic.
#include "agent/scrape/converting_reader.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "agent/scrape/layout_registry.h"
#include "tests/scrape/protobuf_page.h"

namespace limpet {
namespace {

constexpr double kAllBound = std::numeric_limits<double>::infinity();

std::string Converted(const std::string& text, bool keep_classic = false) {
  return PageSamples(text, {.always_classic = keep_classic, .convert = true});
}

std::string ConvertedOpenMetrics(const std::string& text) {
  return PageSamples(Page(text, PageFormat::kOpenMetricsText), {.convert = true});
}

struct ClassicBucket {
  double bound;
  double count;
};

std::string MadeOf(const std::vector<ClassicBucket>& buckets, double count, double sum = 0) {
  ClassicHistogram classic;
  for (const ClassicBucket& bucket : buckets) classic.AddBucket(bucket.bound, bucket.count);
  if (count >= 0 || count < -1) classic.SetCount(count);
  classic.SetSum(sum);
  NativeHistogram native;
  if (const char* wrong = classic.Convert(native)) return wrong;
  HistogramEncoder encoder;
  std::string message;
  if (encoder.Append(native, {}, message) != HistogramFault::kNone) return encoder.fault();
  return HistogramText(message);
}

constexpr double kNoClassicCount = -1;

TEST_CASE("classic buckets become custom ones") {
  CHECK(MadeOf({{0.5, 1}, {1, 1}, {kAllBound, 4}}, 4, 2.5) ==
        "count=4 sum=2.5 schema=-53 zero=0 +[0: 1; 2: 3] <= 0.5 1");
  // In any order; of two with one bound the first one counts.
  CHECK(MadeOf({{kAllBound, 4}, {1, 3}, {-1, 1}, {1, 2}}, 4) ==
        "count=4 sum=0 schema=-53 zero=0 +[0: 1 2 1] <= -1 1");
  // What is missing is made up.
  CHECK(MadeOf({{1, 3}}, 5) == "count=5 sum=0 schema=-53 zero=0 +[0: 3 2] <= 1");
  CHECK(MadeOf({{1, 3}, {kAllBound, 4}}, kNoClassicCount) ==
        "count=4 sum=0 schema=-53 zero=0 +[0: 3 1] <= 1");
  CHECK(MadeOf({{1, 3}}, kNoClassicCount) == "count=3 sum=0 schema=-53 zero=0 +[0: 3] <= 1");
  CHECK(MadeOf({}, 2, 7) == "count=2 sum=7 schema=-53 zero=0 +[0: 2]");
  CHECK(MadeOf({}, kNoClassicCount) == "count=0 sum=0 schema=-53 zero=0");
  // One count that is not whole makes all of them floats.
  CHECK(MadeOf({{1, 0.5}, {2, 3}, {kAllBound, 3}}, 3) ==
        "count=3f sum=0 schema=-53 zero=0f +[0: 0.5f 2.5f] <= 1 2");
  CHECK(MadeOf({{1, 1e19}}, 1e19) == "count=1e+19f sum=0 schema=-53 zero=0f +[0: 1e+19f] <= 1");
}

TEST_CASE("what is no histogram is none") {
  CHECK(MadeOf({{1, 3}, {2, 2}}, 3) == "a bucket's count is less than that of a lower one");
  CHECK(MadeOf({{2, 2}, {1, 3}}, 3) == "a bucket's count is less than that of a lower one");
  CHECK(MadeOf({{1, 3}}, 2) == "a bucket's count is less than that of a lower one");
  CHECK(MadeOf({{1, 3}, {kAllBound, 4}}, 5) == "the count is not that of the last bucket");
  CHECK(MadeOf({{1, -3}}, 5) == "a bucket's count is negative");
  CHECK(MadeOf({}, -5) == "the count is negative");
  CHECK(MadeOf({{1, 1}, {kAllBound, std::nan("")}}, std::nan("")) ==
        "the count is not that of the last bucket");
  CHECK(MadeOf({{-kAllBound, 1}}, 1) == "a bucket's bound is not a finite number");
  ClassicHistogram classic;
  for (size_t i = 0; i <= kHistogramBucketsMax; ++i) classic.AddBucket(static_cast<double>(i), 1);
  NativeHistogram native;
  CHECK(classic.Convert(native) == std::string("too many buckets"));
}

TEST_CASE("series of one histogram are one sample, those around them stay") {
  const std::string page =
      "# TYPE up gauge\nup 1\n"
      "# HELP h Help.\n# TYPE h histogram\n"
      "h_bucket{a=\"x\",le=\"0.5\"} 1\nh_bucket{le=\"+Inf\",a=\"x\"} 3\nh_sum{a=\"x\"} 4.5\n"
      "h_count{a=\"x\"} 3\n\n"
      "h_bucket{a=\"y\",le=\"0.5\"} 0\nh_bucket{a=\"y\",le=\"+Inf\"} 0\nh_count{a=\"y\"} 0\n"
      "# TYPE after counter\nafter 2\n";
  CHECK(Converted(page) ==
        "{__name__=\"up\"} 1\n"
        "{__name__=\"h\", a=\"x\"} count=3 sum=4.5 schema=-53 zero=0 +[0: 1 2] <= 0.5\n"
        "{__name__=\"h\", a=\"y\"} count=0 sum=0 schema=-53 zero=0 <= 0.5\n"
        "{__name__=\"after\"} 2\n");
  CHECK(Converted("# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_count 1\n", true) ==
        "{__name__=\"h_bucket\", le=\"1.0\"} 1\n{__name__=\"h_count\"} 1\n"
        "{__name__=\"h\"} count=1 sum=0 schema=-53 zero=0 +[0: 1] <= 1\n");
  // Without the setting nothing is converted.
  CHECK(PageSamples("# TYPE h histogram\nh_count 1\n") == "{__name__=\"h_count\"} 1\n");
}

TEST_CASE("what does not belong to a histogram is a sample of its own") {
  // No TYPE, that of another metric, another type, no `le`, one that is no number.
  CHECK(Converted("h_count 1\n# TYPE h histogram\ng_count 2\nh 3\nh_bucket 4\n"
                  "h_bucket{le=\"x\"} 5\nh_bucket{le=\"NaN\"} 6\nh_created 7\n# TYPE h summary\n"
                  "h_sum 8\n") ==
        "{__name__=\"h_count\"} 1\n{__name__=\"g_count\"} 2\n{__name__=\"h\"} 3\n"
        "{__name__=\"h_bucket\"} 4\n{__name__=\"h_bucket\", le=\"x\"} 5\n"
        "{__name__=\"h_bucket\", le=\"NaN\"} 6\n{__name__=\"h_created\"} 7\n"
        "{__name__=\"h_sum\"} 8\n");
  // One that cannot be converted is left out, and a comment ends one.
  CHECK(Converted("# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"2\"} 1\nx 1\n") ==
        "{__name__=\"x\"} 1\n");
  CHECK(Converted("# TYPE h histogram\nh_sum 2\n# a comment\nh_count 1\n") ==
        "{__name__=\"h\"} count=0 sum=2 schema=-53 zero=0\n"
        "{__name__=\"h\"} count=1 sum=0 schema=-53 zero=0 +[0: 1]\n");
  CHECK(Converted("# TYPE h histogram\nh_sum 2\nh_count x\n").starts_with("line 3: "));
  CHECK(Converted("# TYPE h histogram\nh_sum{a=\"1\",a=\"2\"} 2\n").find("is not unique") !=
        std::string::npos);
}

TEST_CASE("exemplars with a timestamp and the timestamp go along") {
  CHECK(ConvertedOpenMetrics("# TYPE h histogram\n"
                             "h_bucket{le=\"1.0\"} 1 5 # {t=\"a\"} 0.5 4\n"
                             "h_bucket{le=\"+Inf\"} 2 5 # {t=\"b\"} 7\n"
                             "h_count 2 5\nh_sum 7.5 5\nh_created 1\n# EOF\n") ==
        "{__name__=\"h\"} count=2 sum=7.5 schema=-53 zero=0 +[0: 1 1] <= 1@5000 # {t=\"a\"} "
        "0.5@4000\n{__name__=\"h_created\"} 1\n");
}

TEST_CASE("in protobuf, too; there one that cannot be converted fails the page") {
  metrics::MetricFamily family = Family("h", metrics::HISTOGRAM);
  metrics::Histogram& histogram = *family.add_metric()->mutable_histogram();
  histogram.set_sample_count(3);
  histogram.set_sample_sum(1.5);
  metrics::Bucket& bucket = *histogram.add_bucket();
  bucket.set_upper_bound(0.5);
  bucket.set_cumulative_count(1);
  SetExemplar("a", 0.25, 4000, *bucket.mutable_exemplar());
  const std::string native = "{__name__=\"h\"} count=3 sum=1.5 schema=-53 zero=0 +[0: 1 2] <= 0.5";
  CHECK(ProtobufSamples(Delimited(family), {.convert = true}) ==
        native + " # {trace=\"a\"} 0.25@4000\n");
  CHECK(ProtobufSamples(Delimited(family), {.always_classic = true, .convert = true})
            .find("{__name__=\"h_bucket\", le=\"0.5\"} 1") != std::string::npos);
  bucket.set_cumulative_count(4);
  CHECK(
      ProtobufSamples(Delimited(family), {.convert = true}).find("less than that of a lower one") !=
      std::string::npos);
  // What is native already stays as it is, unless native ones are not wanted.
  bucket.set_cumulative_count(1);
  histogram.set_zero_count(3);
  CHECK(ProtobufSamples(Delimited(family), {.native = true, .convert = true})
            .starts_with("{__name__=\"h\"} count=3 sum=1.5 schema=0 zero=3"));
  CHECK(ProtobufSamples(Delimited(family), {.convert = true}).starts_with(native));
}

// Lines of histograms and others, in an order that may be no good.
std::string RandomHistograms(std::mt19937& random) {
  const auto below = [&](unsigned n) { return std::to_string(random() % n); };
  std::string page;
  for (unsigned lines = random() % 20; lines > 0; --lines) {
    switch (random() % 8) {
      case 0:
        page += "# TYPE h" + below(2) + (random() % 3 == 0 ? " counter\n" : " histogram\n");
        break;
      case 1:
        page += "# comment " + below(10) + "\n";
        break;
      case 2:
        page += "other" + below(3) + " " + below(9) + "\n";
        break;
      case 3:
        page += "h" + below(2) + "_sum " + below(9) + "\n\n";
        break;
      case 4:
        page += "h" + below(2) + "_count{a=\"" + below(2) + "\"} " + below(9) + "\n";
        break;
      default:
        page += "h" + below(2) + "_bucket{a=\"" + below(2) + "\",le=\"" + below(4) + "\"} " +
                below(9) + (random() % 8 == 0 ? " " + below(99) : "") + "\n";
    }
  }
  return page;
}

struct PageRead {
  std::shared_ptr<const Layout> layout;
  PageValues values;
  std::string Text() const {
    std::string text;
    size_t histogram = 0;
    const auto& histograms = values.histograms.entries();
    for (uint32_t i = 0; i < layout->page_series(); ++i) {
      layout->block()->ForEachLabel(i, [&](std::string_view name, std::string_view value) {
        text += std::string(name) + "=" + std::string(value) + " ";
      });
      text += std::to_string(values.values[i]);
      if (layout->has_timestamps()) text += "@" + std::to_string(values.timestamps[i]);
      for (; histogram < histograms.size() && histograms[histogram].series == i; ++histogram) {
        text += " " + HistogramText(values.histograms.Message(histograms[histogram]));
      }
      text += "\n";
    }
    return text;
  }
};

TEST_CASE("a page that a layout takes is what it is when it is read from scratch") {
  std::mt19937 random(7);
  int taken = 0;
  for (int round = 0; round < 3000; ++round) {
    SeriesSettings settings;
    settings.rules = std::make_shared<const std::vector<RelabelRule>>();
    settings.histograms = {.always_classic = random() % 2 == 0, .convert = true};
    const auto scope = NewLayoutScope(settings, Labels{{"job", "j"}});
    const std::string first = RandomHistograms(random);
    std::string second = first;
    for (char& c : second) {
      if (c >= '0' && c <= '9' && random() % 6 == 0) c = static_cast<char>('0' + random() % 9);
    }
    PageCounts counts;
    LayoutRegistry registry;
    PageRead read;
    const auto layout = registry.Resolve(*scope, first, 0, nullptr, read.values, counts);
    if (!layout) continue;
    read.layout = *layout;
    PageRead matched{read.layout, {}};
    REQUIRE(read.layout->Match(first, matched.values));
    REQUIRE(matched.Text() == read.Text());
    if (!read.layout->Match(second, matched.values)) continue;
    LayoutRegistry fresh;
    PageRead again;
    again.layout = fresh.Resolve(*scope, second, 0, nullptr, again.values, counts).value();
    REQUIRE(matched.Text() == again.Text());
    taken += first == second ? 0 : 1;
  }
  CHECK(taken > 100);
}

}  // namespace
}  // namespace limpet
