#include "queue/record.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "queue/record_payload.h"
#include "queue/record_values.h"
#include "tests/queue/log_fixture.h"

using namespace limpet;

namespace {

std::string MakeRecord(RecordType type, std::string_view payload) {
  std::string out;
  const size_t begin = BeginRecord(type, out);
  out.append(payload);
  EndRecord(begin, out);
  return out;
}

// Codes the values against the previous ones and back; the bytes it took, or 0 where it went wrong.
size_t RoundTrip(const std::vector<double>& values, std::vector<double> previous,
                 const std::vector<uint32_t>& series = {}) {
  std::vector<double> reader_previous = previous;
  std::string bytes;
  EncodeValues(values, series, previous, bytes);
  ByteReader in(bytes);
  if (!DecodeValues(values.size(), series, reader_previous, in) || !in.AtEnd()) return 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double decoded = reader_previous[series.empty() ? i : series[i]];
    if (std::bit_cast<uint64_t>(decoded) != std::bit_cast<uint64_t>(values[i])) return 0;
  }
  for (size_t i = 0; i < previous.size(); ++i) {
    if (std::bit_cast<uint64_t>(previous[i]) != std::bit_cast<uint64_t>(reader_previous[i]))
      return 0;
  }
  return bytes.size();
}

size_t One(double value, double previous) { return RoundTrip({value}, {previous}); }

}  // namespace

TEST_CASE("a record comes back, and says how much it needs where it is cut") {
  const std::string bytes = MakeRecord(RecordType::kTarget, "payload");
  const std::string longer = bytes + "more";
  Record record;
  size_t needed = 0;
  REQUIRE(ParseRecord(longer, RecordCheck::kChecksum, record, needed) == RecordStatus::kOk);
  CHECK(record.type == RecordType::kTarget);
  CHECK(record.payload == "payload");
  CHECK(record.bytes == bytes.size());
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    const auto status =
        ParseRecord(std::string_view(bytes).substr(0, cut), RecordCheck::kChecksum, record, needed);
    CHECK(status == RecordStatus::kShort);
    CHECK(needed == (cut < kRecordHeaderBytes ? kRecordHeaderBytes : bytes.size()));
  }
}

TEST_CASE("no flipped bit of a record goes unnoticed") {
  const std::string bytes = MakeRecord(RecordType::kScrape, "some payload that matters");
  Record record;
  size_t needed = 0;
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    CHECK(ParseRecord(damaged, RecordCheck::kChecksum, record, needed) != RecordStatus::kOk);
  }
}

TEST_CASE("a segment's header comes back and notices every flipped bit") {
  const std::string bytes = EncodeSegmentHeader({77, 1'700'000'000'123});
  CHECK(bytes.size() == kSegmentHeaderBytes);
  const auto header = ParseSegmentHeader(bytes);
  REQUIRE(header.has_value());
  CHECK(header->number == 77);
  CHECK(header->created_ms == 1'700'000'000'123);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    CHECK_FALSE(ParseSegmentHeader(damaged).has_value());
  }
  CHECK_FALSE(ParseSegmentHeader(bytes.substr(0, bytes.size() - 1)).has_value());
}

TEST_CASE("varints of every length come back and bad ones are refused") {
  for (int bits = 0; bits <= 64; ++bits) {
    const uint64_t value = bits == 64 ? UINT64_MAX : (uint64_t{1} << bits) - 1;
    std::string bytes;
    PutVarint(value, bytes);
    CHECK(bytes.size() == VarintBytes(value));
    ByteReader in(bytes);
    CHECK(in.Varint() == value);
    CHECK(in.AtEnd());
  }
  ByteReader too_long(std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"));
  too_long.Varint();
  CHECK_FALSE(too_long.ok());
  ByteReader cut(std::string_view("\x80"));
  cut.Varint();
  CHECK_FALSE(cut.ok());
  for (const int64_t value : {int64_t{0}, int64_t{-1}, int64_t{1}, INT64_MIN, INT64_MAX}) {
    CHECK(UnZigZag(ZigZag(value)) == value);
  }
}

TEST_CASE("usual changes of values cost what FORMAT.md says") {
  CHECK(One(5, 5) == 1);                // the bit alone
  CHECK(One(6, 5) == 2);                // a small step
  CHECK(One(5 + 1000, 5) == 3);         // a larger one
  CHECK(One(12345.67, 12330.67) == 4);  // hundredths: the scale and two bytes
  CHECK(One(8192.0 * 1024 * 1024, 8192.0 * 1024 * 1024 - 4096) <= 3);  // pages
  CHECK(RoundTrip({100.25, 200.5, 300.75}, {99, 199, 299}) ==
        1 + 1 + 3 * 2);  // one change of scale
}

TEST_CASE("every bit pattern of a value comes back") {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> nasty = {0.0,
                                     -0.0,
                                     1,
                                     -1,
                                     0.1,
                                     1e300,
                                     -1e300,
                                     5e-324,
                                     infinity,
                                     -infinity,
                                     StaleNan(),
                                     std::bit_cast<double>(kNormalNanBits),
                                     std::bit_cast<double>(0xfff8000000000123u),
                                     9007199254740991.0,
                                     9007199254740992.0,
                                     9007199254740993.0,
                                     -9007199254740992.0,
                                     1.0 / 3,
                                     123456789.123456789,
                                     1700000000.123,
                                     4096,
                                     1024,
                                     -4096,
                                     1e22,
                                     1e15 + 0.5};
  for (const double value : nasty) {
    for (const double previous : nasty) CHECK(One(value, previous) > 0);
  }
  std::mt19937_64 random(7);
  std::vector<double> values(2000);
  std::vector<double> previous(2000);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = std::bit_cast<double>(random());
    // Near, far and equal ones.
    previous[i] = i % 3 == 0   ? std::bit_cast<double>(std::bit_cast<uint64_t>(values[i]) ^ 0xff00)
                  : i % 3 == 1 ? values[i]
                               : std::bit_cast<double>(random());
  }
  CHECK(RoundTrip(values, previous) > 0);
}

TEST_CASE("decimals as programs print them come back at every scale") {
  std::mt19937_64 random(8);
  for (int digits = 0; digits <= 12; ++digits) {
    for (int i = 0; i < 200; ++i) {
      const double scale = std::pow(10, digits);
      const double value = static_cast<double>(random() % 10'000'000) / scale;
      const double previous = value + static_cast<double>(random() % 100) / scale;
      CHECK(One(value, previous) > 0);
    }
  }
}

TEST_CASE("values of a part of the series leave the others' previous values alone") {
  const std::vector<double> previous = {1, 2, 3, 4, 5};
  CHECK(RoundTrip({20, 50}, previous, {1, 4}) > 0);
}

TEST_CASE("cut or hostile values are refused without reading beyond them") {
  std::vector<double> previous(3, 0.0);
  std::string bytes;
  EncodeValues(std::vector<double>{1.5, StaleNan(), 1e300}, {}, previous, bytes);
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    std::vector<double> into(3, 0.0);
    ByteReader in(std::string_view(bytes).substr(0, cut));
    CHECK_FALSE(DecodeValues(3, {}, into, in));
  }
  std::mt19937 random(9);
  for (int i = 0; i < 20'000; ++i) {
    std::string noise(random() % 40, '\0');
    for (char& byte : noise) byte = static_cast<char>(random());
    std::vector<double> into(16, 1.0);
    ByteReader in(noise);
    (void)DecodeValues(16, {}, into, in);
  }
}

TEST_CASE("targets come back") {
  std::string bytes;
  PutTargetRecord(10, *NewLogTarget(Labels{{"a", "1"}, {"b", "2"}}, 0xfedcba9876543210), bytes);
  Record record;
  size_t needed = 0;
  REQUIRE(ParseRecord(bytes, RecordCheck::kChecksum, record, needed) == RecordStatus::kOk);
  const auto target = ParseTarget(record.payload);
  REQUIRE(target.has_value());
  CHECK(target->id == 10);
  CHECK(target->key == 0xfedcba9876543210);
  CHECK(target->labels == Labels{{"a", "1"}, {"b", "2"}});
}

TEST_CASE("times that would overflow are refused") {
  for (const int64_t since : {INT64_MAX, INT64_MIN, kTimeMsMax + 1, -kTimeMsMax - 1}) {
    ScrapeFront front;
    front.since_created_ms = since;
    std::string bytes;
    PutScrapeFront(front, bytes);
    ByteReader in(bytes);
    CHECK_FALSE(TakeScrapeFront(in).has_value());
    CHECK_FALSE(ParseSegmentHeader(EncodeSegmentHeader({1, since})).has_value());
  }
  CHECK(ParseSegmentHeader(EncodeSegmentHeader({1, kTimeMsMax})).has_value());
}

TEST_CASE("hostile payloads are refused") {
  std::mt19937 random(10);
  for (int i = 0; i < 20'000; ++i) {
    std::string noise(random() % 50, '\0');
    for (char& byte : noise) byte = static_cast<char>(random());
    (void)ParseTarget(noise);
    ByteReader in(noise);
    (void)TakeScrapeFront(in);
  }
}

TEST_CASE("runs name exactly their indices and cannot leave the layout") {
  for (const std::vector<uint32_t>& series :
       {std::vector<uint32_t>{0}, {4}, {0, 1, 2}, {1, 3, 4}, {0, 1, 2, 3, 4}}) {
    std::string bytes;
    PutRuns(series, bytes);
    std::vector<uint32_t> back;
    ByteReader in(bytes);
    CHECK(TakeRuns(series.size(), 5, back, in));
    CHECK(in.AtEnd());
    CHECK(back == series);
    ByteReader again(bytes);
    CHECK_FALSE(TakeRuns(series.size(), series.back(), back, again));
  }
}
