// Pages in protobuf, built with generated code: what Prometheus makes of them.
#include "agent/scrape/protobuf_reader.h"

#include <doctest/doctest.h>

#include <bit>
#include <limits>
#include <string>

#include "agent/scrape/page_reader.h"
#include "queue/scrape_view.h"
#include "tests/scrape/protobuf_page.h"

namespace limpet {
namespace {

constexpr HistogramSettings kNative{.native = true};

void AddBucket(double bound, uint64_t count, metrics::Histogram& histogram) {
  metrics::Bucket& bucket = *histogram.add_bucket();
  bucket.set_upper_bound(bound);
  bucket.set_cumulative_count(count);
}

// Two whole buckets of schema 0, one observation of zero.
void MakeNative(metrics::Histogram& histogram) {
  histogram.set_sample_count(6);
  histogram.set_sample_sum(2.5);
  histogram.set_zero_threshold(0.001);
  histogram.set_zero_count(1);
  metrics::BucketSpan& span = *histogram.add_positive_span();
  span.set_offset(1);
  span.set_length(2);
  histogram.add_positive_delta(2);
  histogram.add_positive_delta(1);
}

TEST_CASE("counters, gauges and untyped ones are one sample each, under their own name") {
  metrics::MetricFamily counter = Family("requests", metrics::COUNTER);
  metrics::Metric& first = *counter.add_metric();
  AddLabel("path", "/\xc3\xa9", first);
  AddLabel("code", "200", first);
  first.mutable_counter()->set_value(1.5);
  first.set_timestamp_ms(1234);
  SetExemplar("abc", 0.25, 1700000000123, *first.mutable_counter()->mutable_exemplar());
  first.mutable_counter()->mutable_created_timestamp()->set_seconds(5);
  metrics::Metric& second = *counter.add_metric();
  second.mutable_counter()->set_value(2);
  SetExemplar("def", 1, 0, *second.mutable_counter()->mutable_exemplar());
  metrics::MetricFamily gauge = Family("b.gauge", metrics::GAUGE);
  gauge.add_metric()->mutable_gauge()->set_value(-3);
  gauge.add_metric();  // nothing is 0
  AddLabel("a", "", *gauge.mutable_metric(1));
  metrics::MetricFamily untyped = Family("c", metrics::UNTYPED);
  untyped.add_metric()->mutable_untyped()->set_value(7);
  CHECK(ProtobufSamples(Delimited(counter) + Delimited(gauge) + Delimited(untyped)) ==
        "{__name__=\"requests\", code=\"200\", path=\"/\xc3\xa9\"} 1.5@1234"
        " # {trace=\"abc\"} 0.25@1700000000123\n"
        "{__name__=\"requests\"} 2 # {trace=\"def\"} 1\n"
        "{__name__=\"b.gauge\"} -3\n"
        "{__name__=\"b.gauge\"} 0\n"
        "{__name__=\"c\"} 7\n");
}

TEST_CASE("a summary is its count, its sum and its quantiles") {
  metrics::MetricFamily family = Family("s", metrics::SUMMARY);
  metrics::Summary& summary = *family.add_metric()->mutable_summary();
  summary.set_sample_count(3);
  summary.set_sample_sum(4.5);
  for (const double quantile : {0.5, 0.99, 1.0}) {
    summary.add_quantile()->set_quantile(quantile);
    summary.mutable_quantile(summary.quantile_size() - 1)->set_value(quantile * 10);
  }
  family.add_metric();
  CHECK(ProtobufSamples(Delimited(family)) ==
        "{__name__=\"s_count\"} 3\n{__name__=\"s_sum\"} 4.5\n"
        "{__name__=\"s\", quantile=\"0.5\"} 5\n{__name__=\"s\", quantile=\"0.99\"} 9.9\n"
        "{__name__=\"s\", quantile=\"1.0\"} 10\n"
        "{__name__=\"s_count\"} 0\n{__name__=\"s_sum\"} 0\n");
}

TEST_CASE("a classic histogram gets the bucket for all where the page has none") {
  metrics::MetricFamily family = Family("h", metrics::HISTOGRAM);
  metrics::Histogram& first = *family.add_metric()->mutable_histogram();
  first.set_sample_count(5);
  first.set_sample_sum(2);
  AddBucket(0.1, 1, first);
  AddBucket(1, 3, first);
  SetExemplar("x", 0.5, 0, *first.mutable_bucket(1)->mutable_exemplar());
  metrics::Histogram& second = *family.add_metric()->mutable_histogram();
  second.set_sample_count_float(2.5);
  second.set_sample_count(9);
  AddBucket(1e6, 1, second);
  AddBucket(std::numeric_limits<double>::infinity(), 2, second);
  second.mutable_bucket(1)->set_cumulative_count_float(2.25);
  AddBucket(5, 7, second);  // behind the end
  family.add_metric();
  for (const bool native : {false, true}) {
    CHECK(ProtobufSamples(Delimited(family), {.native = native}) ==
          "{__name__=\"h_count\"} 5\n{__name__=\"h_sum\"} 2\n"
          "{__name__=\"h_bucket\", le=\"0.1\"} 1\n"
          "{__name__=\"h_bucket\", le=\"1.0\"} 3 # {trace=\"x\"} 0.5\n"
          "{__name__=\"h_bucket\", le=\"+Inf\"} 5\n"
          "{__name__=\"h_count\"} 2.5\n{__name__=\"h_sum\"} 0\n"
          "{__name__=\"h_bucket\", le=\"1e+06\"} 1\n{__name__=\"h_bucket\", le=\"+Inf\"} 2.25\n"
          "{__name__=\"h_count\"} 0\n{__name__=\"h_sum\"} 0\n"
          "{__name__=\"h_bucket\", le=\"+Inf\"} 0\n");
  }
}

TEST_CASE("a native histogram is one sample, with its classic series if they are wanted") {
  metrics::MetricFamily family = Family("h", metrics::HISTOGRAM);
  metrics::Metric& metric = *family.add_metric();
  metric.set_timestamp_ms(99);
  MakeNative(*metric.mutable_histogram());
  AddBucket(1, 2, *metric.mutable_histogram());
  SetExemplar("old", 0.5, 0, *metric.mutable_histogram()->mutable_bucket(0)->mutable_exemplar());
  metrics::Histogram& bare = *family.add_metric()->mutable_histogram();
  MakeNative(bare);
  const std::string page = Delimited(family);
  const std::string native =
      "{__name__=\"h\"} count=6 sum=2.5 schema=0 within=0.001 zero=1 +[1: 2 3]";
  CHECK(ProtobufSamples(page, kNative) == native + "@99\n" + native + "\n");
  const std::string classic =
      "{__name__=\"h_count\"} 6@99\n{__name__=\"h_sum\"} 2.5@99\n"
      "{__name__=\"h_bucket\", le=\"1.0\"} 2@99 # {trace=\"old\"} 0.5\n"
      "{__name__=\"h_bucket\", le=\"+Inf\"} 6@99\n";
  CHECK(ProtobufSamples(page, {.native = true, .always_classic = true}) ==
        native + "@99\n" + classic + native + "\n");
  CHECK(ProtobufSamples(page) == classic +
                                     "{__name__=\"h_count\"} 6\n{__name__=\"h_sum\"} 2.5\n"
                                     "{__name__=\"h_bucket\", le=\"+Inf\"} 6\n");
}

TEST_CASE("spans, a zero threshold or observations of zero make a histogram native") {
  const auto samples = [](const metrics::Histogram& histogram) {
    metrics::MetricFamily family = Family("h", metrics::GAUGE_HISTOGRAM);
    *family.add_metric()->mutable_histogram() = histogram;
    return ProtobufSamples(Delimited(family), kNative);
  };
  metrics::Histogram histogram;
  CHECK(samples(histogram).starts_with("{__name__=\"h_count\"} 0\n"));
  histogram.add_negative_span();  // of no buckets: the mark of one that has not observed anything
  CHECK(samples(histogram) == "{__name__=\"h\"} count=0 sum=0 schema=0 zero=0 gauge\n");
  histogram.clear_negative_span();
  histogram.set_zero_threshold(0.5);
  CHECK(samples(histogram) == "{__name__=\"h\"} count=0 sum=0 schema=0 within=0.5 zero=0 gauge\n");
  histogram.clear_zero_threshold();
  histogram.set_zero_count(1);
  histogram.set_sample_count(1);
  CHECK(samples(histogram) == "{__name__=\"h\"} count=1 sum=0 schema=0 zero=1 gauge\n");
  // Floats of zero alone do not.
  histogram.clear_zero_count();
  histogram.set_zero_count_float(1);
  CHECK(samples(histogram).starts_with("{__name__=\"h_count\"} 1\n"));
}

TEST_CASE("each histogram of a family is native or not by itself") {
  metrics::MetricFamily family = Family("h", metrics::HISTOGRAM);
  MakeNative(*family.add_metric()->mutable_histogram());
  AddLabel("a", "1", *family.add_metric());
  MakeNative(*family.add_metric()->mutable_histogram());
  const std::string native =
      "{__name__=\"h\"} count=6 sum=2.5 schema=0 within=0.001 zero=1 +[1: 2 3]\n";
  CHECK(ProtobufSamples(Delimited(family), kNative) ==
        native +
            "{__name__=\"h_count\", a=\"1\"} 0\n{__name__=\"h_sum\", a=\"1\"} 0\n"
            "{__name__=\"h_bucket\", a=\"1\", le=\"+Inf\"} 0\n" +
            native);
}

TEST_CASE("exemplars of a native histogram have timestamps, or they are those of its buckets") {
  metrics::MetricFamily family = Family("h", metrics::HISTOGRAM);
  metrics::Histogram& histogram = *family.add_metric()->mutable_histogram();
  MakeNative(histogram);
  AddBucket(1, 1, histogram);
  AddBucket(2, 2, histogram);
  SetExemplar("bucket", 0.5, 10, *histogram.mutable_bucket(0)->mutable_exemplar());
  SetExemplar("none", 1.5, 0, *histogram.mutable_bucket(1)->mutable_exemplar());
  const std::string native =
      "{__name__=\"h\"} count=6 sum=2.5 schema=0 within=0.001 zero=1 +[1: 2 3]";
  CHECK(ProtobufSamples(Delimited(family), kNative) == native + " # {trace=\"bucket\"} 0.5@10\n");
  SetExemplar("own", 1, 0, *histogram.add_exemplars());
  CHECK(ProtobufSamples(Delimited(family), kNative) == native + "\n");
  SetExemplar("timed", 2, 1500, *histogram.add_exemplars());
  SetExemplar("later", 3, 2500, *histogram.add_exemplars());
  CHECK(ProtobufSamples(Delimited(family), kNative) ==
        native + " # {trace=\"timed\"} 2@1500 # {trace=\"later\"} 3@2500\n");
}

TEST_CASE("no NaN of a page is a staleness marker") {
  metrics::MetricFamily family = Family("g", metrics::GAUGE);
  family.add_metric()->mutable_gauge()->set_value(StaleNan());
  const std::string page = Delimited(family);
  PageReader reader(ProtobufPage(page), {});
  REQUIRE(*reader.Next());
  CHECK(std::bit_cast<uint64_t>(reader.tail().value) == kNormalNanBits);
}

TEST_CASE("families say their metadata, those without metrics say nothing") {
  metrics::MetricFamily empty = Family("", metrics::GAUGE);
  metrics::MetricFamily family = Family("g_bytes", metrics::GAUGE);
  family.set_help("a \\n text");
  family.set_unit("bytes");
  family.add_metric();
  const std::string page = Delimited(empty) + Delimited(family) + Delimited(empty);
  PageReader reader(ProtobufPage(page), {});
  REQUIRE(*reader.Next());
  REQUIRE(reader.metadata().size() == 3);
  CHECK(reader.metadata()[0].text == "a \\n text");
  CHECK(reader.metadata()[1].text == "bytes");
  CHECK(reader.metadata()[2].type == MetricType::kGauge);
  CHECK(reader.metadata()[2].family == "g_bytes");
  CHECK_FALSE(*reader.Next());
  CHECK(ProtobufSamples("") == "");
}

TEST_CASE("names and values that are none fail the page") {
  const auto samples = [](const std::string& name, const std::string& help,
                          const std::string& label, const std::string& value) {
    metrics::MetricFamily family = Family(name, metrics::GAUGE);
    family.set_help(help);
    AddLabel(label, value, *family.add_metric());
    return ProtobufSamples(Delimited(family));
  };
  CHECK(samples("a", "h", "b", "c") == "{__name__=\"a\", b=\"c\"} 0\n");
  CHECK(samples("", "h", "b", "c").find("invalid metric name") != std::string::npos);
  CHECK(samples("\xff", "h", "b", "c").find("invalid metric name") != std::string::npos);
  CHECK(samples("a", "\xff", "b", "c").find("help text is not valid") != std::string::npos);
  CHECK(samples("a", "h", "", "c") == "invalid label name");
  CHECK(samples("a", "h", "\xff", "c") == "invalid label name");
  CHECK(samples("a", "h", "b", "\xff") == "label value is not valid UTF-8");
  CHECK(samples("a", "h", "__name__", "c") == "label name \"__name__\" is not unique");
}

}  // namespace
}  // namespace limpet
