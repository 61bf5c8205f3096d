// Bytes that are no page in protobuf, or one that is made to hurt.
#include <doctest/doctest.h>

#include <random>
#include <string>

#include "agent/scrape/page_reader.h"
#include "tests/scrape/protobuf_page.h"

namespace limpet {
namespace {

constexpr HistogramSettings kHostileNative{.native = true};

std::string Varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out += static_cast<char>(value);
}
// A field with bytes.
std::string Field(uint32_t number, const std::string& bytes) {
  return Varint(number << 3 | 2) + Varint(bytes.size()) + bytes;
}
std::string Number(uint32_t number, uint64_t value) { return Varint(number << 3) + Varint(value); }

// A family "a" of a type with one metric.
std::string PageOf(metrics::MetricType type, const std::string& metric) {
  return Delimited(Field(1, "a") + Number(3, type) + Field(4, metric));
}

bool Fails(const std::string& page, const std::string& why = "") {
  const std::string samples = ProtobufSamples(page, kHostileNative);
  CAPTURE(samples);
  CHECK(samples.find('\n') == std::string::npos);
  return samples.starts_with("metric family ") && samples.find(why) != std::string::npos;
}

TEST_CASE("hostile protobuf: what is cut off anywhere fails, or is a shorter page") {
  metrics::MetricFamily family = Family("h", metrics::HISTOGRAM);
  metrics::Metric& metric = *family.add_metric();
  AddLabel("a", "b", metric);
  metrics::Histogram& histogram = *metric.mutable_histogram();
  histogram.set_sample_count(300);
  histogram.add_positive_span()->set_length(1);
  histogram.add_positive_delta(300);
  SetExemplar("e", 1, 1500, *histogram.add_exemplars());
  const std::string one = Delimited(family);
  const std::string page = one + one;
  for (size_t size = 1; size < page.size(); ++size) {
    if (size == one.size()) continue;
    CAPTURE(size);
    CHECK(Fails(page.substr(0, size)));
  }
}

TEST_CASE("hostile protobuf: lengths and numbers") {
  CHECK(Fails("\x05", "beyond the end"));
  CHECK(Fails("\x80", "malformed length"));
  CHECK(Fails(std::string("\x80\x80\x80\x80\x80\x00", 6), "malformed length"));
  CHECK(Fails("\xff\xff\xff\xff\x7f", "beyond the end"));
  CHECK(Fails(Delimited("\x0a\xff\xff\xff\xff\x0f"), "malformed"));
  CHECK(Fails(Delimited(std::string("\x00\x00", 2)), "malformed"));  // field 0
  CHECK(Fails(Delimited("\x80\x80\x80\x80\x80\x01"), "malformed"));  // a tag of six bytes
  // A number of ten bytes is one, of eleven none.
  const std::string ten(9, '\xff');
  CHECK(ProtobufSamples(PageOf(metrics::GAUGE, Varint(6 << 3) + ten + "\x01")) ==
        "{__name__=\"a\"} 0@-1\n");
  CHECK(Fails(PageOf(metrics::GAUGE, Varint(6 << 3) + ten + "\xff\x01"), "malformed"));
  CHECK(Fails(PageOf(metrics::GAUGE, Field(2,
                                           "\x09"
                                           "1234567")),
              "malformed"));
}

TEST_CASE("hostile protobuf: groups, deep or not, and wire types that are not a field's own") {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += Varint(9 << 3 | 3);
  CHECK(Fails(Delimited(deep), "malformed"));
  CHECK(Fails(PageOf(metrics::GAUGE, Varint(9 << 3 | 3) + Varint(9 << 3 | 4)), "malformed"));
  CHECK(Fails(PageOf(metrics::GAUGE, Varint(9 << 3 | 6)), "malformed"));
  CHECK(Fails(PageOf(metrics::GAUGE, Number(1, 1)), "wire type"));
  CHECK(Fails(PageOf(metrics::GAUGE, Field(6, "1")), "wire type"));
  CHECK(Fails(PageOf(metrics::GAUGE, Field(2, Number(1, 1))), "wire type"));
  CHECK(Fails(PageOf(metrics::HISTOGRAM, Field(7, Number(3, 1))), "wire type"));
  CHECK(Fails(PageOf(metrics::HISTOGRAM, Field(7, Number(12, 1))), "wire type"));
  CHECK(Fails(PageOf(metrics::SUMMARY, Field(4, Field(1, "x"))), "wire type"));
  CHECK(Fails(Delimited(Number(1, 1)), "wire type"));
  // Fields that nobody knows are passed over.
  CHECK(ProtobufSamples(PageOf(metrics::GAUGE, Field(99, "x") + Number(98, 7))) ==
        "{__name__=\"a\"} 0\n");
}

TEST_CASE("hostile protobuf: types that are none") {
  CHECK(Fails(PageOf(static_cast<metrics::MetricType>(6), ""), "unknown metric type"));
  CHECK(Fails(Delimited(Field(1, "a") + Number(3, UINT64_MAX) + Field(4, "")),
              "unknown metric type"));
}

TEST_CASE("hostile protobuf: more than anything needs") {
  const auto histogram = [](const std::string& fields) {
    return PageOf(metrics::HISTOGRAM, Field(7, fields));
  };
  // Each element takes one or two bytes of the page and many of memory.
  CHECK(
      Fails(histogram(Field(13, std::string(kHistogramBucketsMax + 1, '\0'))), "too many buckets"));
  std::string spans;
  for (size_t i = 0; i <= kHistogramBucketsMax; ++i) spans += Field(12, "");
  CHECK(Fails(histogram(spans), "too many spans"));
  CHECK(Fails(histogram(Field(14, std::string((kHistogramBucketsMax + 1) * 8, '\1'))),
              "too many buckets"));
  std::string buckets;
  for (size_t i = 0; i <= kSamplesPerPageMax; ++i) buckets += Field(3, "");
  CHECK(Fails(histogram(buckets), "too many buckets"));
  // A span may say what it likes.
  CHECK(Fails(histogram(Field(12, Number(2, UINT32_MAX))), "do not match"));
  std::string exemplars = Field(12, "");
  for (int i = 0; i < 1500; ++i) exemplars += Field(16, Field(3, Number(1, i + 1)));
  const std::string page = histogram(exemplars);
  PageReader reader(ProtobufPage(page), kHostileNative);
  REQUIRE(*reader.Next());
  CHECK(reader.exemplars().size() == 1000);
  std::string labels;
  for (size_t i = 0; i <= kLabelsPerSampleMax; ++i) {
    labels += Field(1, Field(1, "l" + std::to_string(i)) + Field(2, "v"));
  }
  CHECK(ProtobufSamples(PageOf(metrics::GAUGE, labels)) == "too many labels");
}

TEST_CASE("hostile protobuf: random bytes and random changes never do harm") {
  metrics::MetricFamily family = Family("h", metrics::HISTOGRAM);
  metrics::Histogram& histogram = *family.add_metric()->mutable_histogram();
  histogram.set_sample_count(3);
  histogram.add_positive_span()->set_length(2);
  histogram.add_positive_delta(1);
  histogram.add_positive_delta(1);
  histogram.add_bucket()->set_upper_bound(1);
  SetExemplar("e", 1, 1500, *histogram.add_exemplars());
  const std::string good = Delimited(family);
  std::mt19937_64 random(7);
  size_t read = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string page = good;
    for (uint64_t changes = 1 + random() % 3; changes > 0; --changes) {
      page[random() % page.size()] = static_cast<char>(random());
    }
    if (!ProtobufSamples(page, kHostileNative).starts_with("metric family")) ++read;
  }
  CHECK(read > 1000);
  for (int round = 0; round < 5000; ++round) {
    std::string page;
    for (uint64_t size = random() % 40; size > 0; --size) page += static_cast<char>(random());
    (void)ProtobufSamples(page, kHostileNative);
  }
}

}  // namespace
}  // namespace limpet
