// Native histograms: what is delivered of them, what is refused, and how they are made coarser.
#include "agent/scrape/native_histogram.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "queue/remote_write_v2.pb.h"
#include "tests/scrape/protobuf_page.h"

namespace limpet {
namespace {

// What is delivered, or what is wrong.
std::string Encoded(const NativeHistogram& histogram, const HistogramSettings& settings = {}) {
  HistogramEncoder encoder;
  std::string message;
  const HistogramFault fault = encoder.Append(histogram, settings, message);
  if (fault == HistogramFault::kNone) return HistogramText(message);
  CHECK(message.empty());
  return (fault == HistogramFault::kBucketLimit ? "limit: " : "") + std::string(encoder.fault());
}

NativeHistogram Whole(uint64_t count, std::vector<BucketSpan> spans, std::vector<int64_t> deltas) {
  NativeHistogram histogram;
  histogram.count = count;
  histogram.positive.spans = std::move(spans);
  histogram.positive.deltas = std::move(deltas);
  return histogram;
}

NativeHistogram Floats(std::vector<BucketSpan> spans, std::vector<double> counts) {
  NativeHistogram histogram;
  histogram.count_float = 7.5;
  histogram.positive.spans = std::move(spans);
  histogram.positive.counts = std::move(counts);
  return histogram;
}

TEST_CASE("empty buckets and spans go, spans that touch become one") {
  CHECK(Encoded(Whole(9, {{-2, 3}, {0, 2}, {5, 0}, {1, 1}}, {2, 0, -2, 5, -5, 0})) ==
        "count=9 sum=0 schema=0 zero=0 +[-2: 2 2; 1: 5]");
  CHECK(Encoded(Whole(6, {{0, 4}}, {0, 3, -3, 3})) ==
        "count=6 sum=0 schema=0 zero=0 +[1: 3; 3: 3]");
  CHECK(Encoded(Whole(0, {{0, 0}}, {})) == "count=0 sum=0 schema=0 zero=0");
  CHECK(Encoded(Floats({{3, 3}}, {1.5, 0, 2})) ==
        "count=7.5f sum=0 schema=0 zero=0f +[3: 1.5f; 5: 2f]");
}

TEST_CASE("what is not consistent is refused") {
  CHECK(Encoded(Whole(2, {{0, 1}}, {1})) == "the count is not that of the buckets");
  CHECK(Encoded(Whole(1, {{0, 2}}, {1})) == "spans and buckets do not match");
  CHECK(Encoded(Whole(0, {{0, 2}}, {1, -2})) == "a bucket's count is negative");
  CHECK(Encoded(Whole(2, {{0, 1}, {-1, 1}}, {1, 0})) == "a span's offset is negative");
  CHECK(Encoded(Whole(2, {{0, 1}, {std::numeric_limits<int32_t>::max(), 1}}, {1, 0})) ==
        "a span is too far from zero");
  CHECK(Encoded(Floats({{0, 1}}, {-1})) == "a bucket's count is negative");
  NativeHistogram histogram = Whole(2, {{0, 1}}, {1});
  histogram.zero_count = 1;
  CHECK(Encoded(histogram) == "count=2 sum=0 schema=0 zero=1 +[0: 1]");
  histogram.count = 5;
  CHECK(Encoded(histogram) == "the count is not that of the buckets");
  // What was observed as NaN is in no bucket.
  histogram.sum = std::nan("");
  CHECK(Encoded(histogram).starts_with("count=5 sum=nan"));
  histogram.count = 1;
  CHECK(Encoded(histogram) == "the count is not that of the buckets");
  for (const int32_t schema : {-5, 9, 52, -54, std::numeric_limits<int32_t>::max()}) {
    histogram = Whole(1, {{0, 1}}, {1});
    histogram.schema = schema;
    CHECK(Encoded(histogram) == "the schema is not within -4 to 8");
  }
  // Custom buckets: just the one without a bound.
  histogram.schema = -53;
  CHECK(Encoded(histogram) == "count=1 sum=0 schema=-53 zero=0 +[0: 1]");
  histogram.positive.spans = {{1, 1}};
  CHECK(Encoded(histogram) == "custom buckets without their bounds");
  histogram.custom_bounds = {0.5};
  CHECK(Encoded(histogram) == "count=1 sum=0 schema=-53 zero=0 +[1: 1] <= 0.5");
  // Floats need not sum up.
  histogram = Floats({{0, 1}}, {3});
  histogram.negative = histogram.positive;
  histogram.is_gauge = true;
  histogram.zero_threshold = 0.5;
  CHECK(Encoded(histogram) ==
        "count=7.5f sum=0 schema=0 within=0.5 zero=0f -[0: 3f] +[0: 3f] gauge");
  histogram.zero_count_float = -1;
  CHECK(Encoded(histogram) == "a count is negative");
}

TEST_CASE("a factor between buckets says how fine a histogram may be") {
  // 2^(2^-schema): 1.0027 at 8, 1.09 at 3, 2 at 0, 65536 at -4.
  CHECK(SchemaOfBucketFactor(0) == 8);
  CHECK(SchemaOfBucketFactor(1) == 8);
  CHECK(SchemaOfBucketFactor(1.0027) == 8);
  CHECK(SchemaOfBucketFactor(1.1) == 2);
  CHECK(SchemaOfBucketFactor(1.09) == 3);
  CHECK(SchemaOfBucketFactor(2) == 0);
  CHECK(SchemaOfBucketFactor(2.1) == -1);
  CHECK(SchemaOfBucketFactor(1e300) == -4);
}

TEST_CASE("buckets are merged until there are few enough") {
  // By hand: at schema 1 bucket i is in bucket (i + 1) / 2 of schema 0, rounded down.
  NativeHistogram histogram = Whole(10, {{1, 4}}, {1, 1, 1, 1});
  histogram.schema = 1;
  CHECK(Encoded(histogram) == "count=10 sum=0 schema=1 zero=0 +[1: 1 2 3 4]");
  CHECK(Encoded(histogram, {.bucket_limit = 4}) == Encoded(histogram));
  CHECK(Encoded(histogram, {.bucket_limit = 3}) == "count=10 sum=0 schema=0 zero=0 +[1: 3 7]");
  CHECK(Encoded(histogram, {.schema_max = 0}) == "count=10 sum=0 schema=0 zero=0 +[1: 3 7]");
  CHECK(Encoded(histogram, {.bucket_limit = 1}) == "count=10 sum=0 schema=-1 zero=0 +[1: 10]");
  histogram.negative = histogram.positive;
  histogram.count = 20;
  CHECK(Encoded(histogram, {.bucket_limit = 2}) ==
        "count=20 sum=0 schema=-1 zero=0 -[1: 10] +[1: 10]");
  CHECK(Encoded(histogram, {.bucket_limit = 1}) == "limit: native_histogram_bucket_limit exceeded");
  // As fine as nobody delivers: refused, unless a factor is asked for.
  histogram.schema = 20;
  CHECK(Encoded(histogram) == "the schema is not within -4 to 8");
  CHECK(Encoded(histogram, {.schema_max = 7}) ==
        "count=20 sum=0 schema=7 zero=0 -[1: 10] +[1: 10]");
}

// Of one side: index -> count.
std::map<int64_t, double> Buckets(const remote_write_v2::Histogram& histogram) {
  std::map<int64_t, double> buckets;
  int64_t index = 0;
  int64_t count = 0;
  int place = 0;
  for (const auto& span : histogram.positive_spans()) {
    index += span.offset();
    for (uint32_t i = 0; i < span.length(); ++i, ++index, ++place) {
      if (histogram.has_count_float()) {
        buckets[index] = histogram.positive_counts(place);
      } else {
        count += histogram.positive_deltas(place);
        buckets[index] = static_cast<double>(count);
      }
    }
  }
  return buckets;
}

TEST_CASE("random histograms keep every observation in the bucket that it belongs to") {
  std::mt19937_64 random(1);
  const auto below = [&](uint64_t n) { return random() % n; };
  for (int round = 0; round < 2000; ++round) {
    NativeHistogram histogram;
    histogram.schema = static_cast<int32_t>(below(13)) - 4;
    const bool floats = below(2) == 0;
    if (floats) histogram.count_float = 1;
    std::map<int64_t, double> expected;
    int64_t index = 0;
    int64_t last = 0;
    for (uint64_t spans = below(6); spans > 0; --spans) {
      BucketSpan span{static_cast<int32_t>(below(10)), static_cast<uint32_t>(below(6))};
      if (histogram.positive.spans.empty()) span.offset -= 20;
      histogram.positive.spans.push_back(span);
      index += span.offset;
      for (uint32_t i = 0; i < span.length; ++i, ++index) {
        const auto count = static_cast<int64_t>(below(4));
        histogram.positive.counts.push_back(static_cast<double>(count));
        histogram.positive.deltas.push_back(count - last);
        last = count;
        histogram.count += static_cast<uint64_t>(count);
        if (count > 0) expected[index] = static_cast<double>(count);
      }
    }
    HistogramSettings settings{.bucket_limit = below(3) == 0 ? 1 + below(8) : 0};
    if (below(3) == 0) settings.schema_max = static_cast<int32_t>(below(13)) - 4;
    std::string message;
    HistogramEncoder encoder;
    const HistogramFault fault = encoder.Append(histogram, settings, message);
    remote_write_v2::Histogram delivered;
    REQUIRE(delivered.ParseFromString(message));
    if (fault == HistogramFault::kBucketLimit) {
      CHECK(expected.size() > settings.bucket_limit);
      continue;
    }
    REQUIRE(fault == HistogramFault::kNone);
    // A bucket ends at base^index; it belongs to the first one that ends there or later.
    const auto coarser = static_cast<double>(int64_t{1} << (histogram.schema - delivered.schema()));
    std::map<int64_t, double> merged;
    for (const auto& [at, count] : expected) {
      merged[static_cast<int64_t>(std::ceil(static_cast<double>(at) / coarser))] += count;
    }
    CHECK(Buckets(delivered) == merged);
    CHECK(delivered.schema() <= settings.schema_max);
    if (settings.bucket_limit > 0) CHECK(merged.size() <= settings.bucket_limit);
  }
}

}  // namespace
}  // namespace limpet
