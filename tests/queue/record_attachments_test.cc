// Native histograms and exemplars in the log's records.
#include "queue/record_attachments.h"

#include <doctest/doctest.h>

#include <random>

#include "queue/record.h"
#include "queue/segment_decoder.h"
#include "queue/segment_encoder.h"
#include "tests/queue/log_fixture.h"

using namespace limpet;

namespace {

constexpr int64_t kCreatedMs = 1'700'000'000'000;

std::string Coded(std::string_view before, std::string_view section) {
  std::string bytes;
  SectionWriter().Put(before, section, bytes);
  return bytes;
}

std::string RandomBytes(std::mt19937& random, size_t size_max, int letters) {
  std::string bytes(random() % (size_max + 1), '\0');
  for (char& byte : bytes) byte = static_cast<char>(random() % letters);
  return bytes;
}

// Some of it changed, taken out or put in.
std::string Edited(std::mt19937& random, std::string bytes) {
  for (size_t edits = random() % 6; edits > 0; --edits) {
    const size_t at = bytes.empty() ? 0 : random() % bytes.size();
    const size_t size = std::min<size_t>(random() % 12, bytes.size() - at);
    bytes.replace(at, size, RandomBytes(random, 12, 256));
  }
  return bytes;
}

struct Decoder {
  // The outcome of the last of them.
  SegmentDecoder::Outcome Take(std::string_view records) {
    auto outcome = SegmentDecoder::Outcome::kDictionary;
    while (!records.empty()) {
      Record record;
      size_t needed = 0;
      REQUIRE(ParseRecord(records, RecordCheck::kChecksum, record, needed) == RecordStatus::kOk);
      records.remove_prefix(record.bytes);
      outcome = segment.Decode(record);
    }
    return outcome;
  }
  LogPool pool;
  SegmentDecoder segment{kCreatedMs, pool};
};

TestScrape Plain(size_t series) {
  static const auto target = MakeTarget("attached");
  static const auto layout = MakeLayout("attached", 40);
  TestScrape scrape;
  scrape.layout = series == 40 ? layout : MakeLayout("attached", series);
  scrape.target = target;
  scrape.timestamp_ms = kCreatedMs + 1000;
  scrape.values.assign(series, 1);
  return scrape;
}

size_t EncodedSize(SegmentEncoder& encoder, const TestScrape& scrape) {
  std::string bytes;
  REQUIRE(encoder.Encode(scrape.View(), bytes));
  return bytes.size();
}

}  // namespace

TEST_CASE("sections come back whatever was before them") {
  std::mt19937 random(1);
  for (int i = 0; i < 5000; ++i) {
    const std::string before = RandomBytes(random, 400, i % 3 == 0 ? 3 : 256);
    const std::string section =
        i % 4 == 0 ? RandomBytes(random, 400, 4) : Edited(random, before + before.substr(0, 20));
    const std::string bytes = Coded(before, section);
    CHECK(bytes.size() <= section.size() + 10);
    std::string back = "rubbish";
    ByteReader in(bytes);
    REQUIRE(TakeSection(before, back, in));
    CHECK(in.AtEnd());
    REQUIRE(back == section);
    const size_t cut = random() % bytes.size();
    ByteReader short_in(std::string_view(bytes).substr(0, cut));
    const bool taken = TakeSection(before, back, short_in) && short_in.AtEnd();
    CHECK_FALSE((taken && back == section && cut < bytes.size()));
  }
  const std::string same(10'000, 'x');
  CHECK(Coded(same, same).size() <= 7);
}

TEST_CASE("hostile sections are refused and stay within their limit") {
  std::mt19937 random(2);
  const std::string before = RandomBytes(random, 300, 256);
  std::string section;
  for (int i = 0; i < 50'000; ++i) {
    std::string noise = i % 2 == 0 ? RandomBytes(random, 40, 256)
                                   : Edited(random, Coded(before, Edited(random, before)));
    ByteReader in(noise);
    if (TakeSection(before, section, in)) CHECK(section.size() <= kSectionBytesMax);
  }
  std::string large;
  PutVarint(kSectionBytesMax + 1, large);
  ByteReader in(large);
  CHECK_FALSE(TakeSection("", section, in));
  // A copy from before the beginning, from behind the end, of nothing.
  for (const auto& [size, shift] :
       {std::pair<uint64_t, int64_t>{4, -5}, {4, 1}, {0, -4}, {UINT64_MAX, -4}}) {
    std::string bytes;
    PutVarint(8, bytes);
    PutString("abcd", bytes);
    PutVarint(size, bytes);
    PutVarint(ZigZag(shift), bytes);
    ByteReader copy(bytes);
    CHECK_FALSE(TakeSection("", section, copy));
  }
}

TEST_CASE("histograms and exemplars come back with their scrapes") {
  SegmentEncoder encoder(kCreatedMs);
  Decoder decoder;
  std::mt19937 random(3);
  for (int i = 0; i < 500; ++i) {
    TestScrape scrape = Plain(40);
    scrape.timestamp_ms += i * 15'000;
    if (random() % 3 == 0) {
      scrape.series = {0, 3, 4, 39};
      scrape.values.resize(4);
    }
    for (uint32_t place = 0; place < scrape.values.size(); ++place) {
      if (random() % 4 == 0) {
        const uint64_t observations = random() % 3 == 0 ? 17 : static_cast<uint64_t>(i) * 7 + place;
        scrape.attachments.histograms.push_back({place, HistogramMessage(observations)});
      }
      for (size_t more = random() % 8 == 0 ? 2 : 0; more > 0; --more) {
        const int64_t timestamp_ms = more == 1 ? INT64_MIN : INT64_MAX - i;
        scrape.attachments.exemplars.push_back(
            {place, ExemplarLabels(std::to_string(random() % 100)), StaleNan(), timestamp_ms});
      }
    }
    if (random() % 20 == 0) scrape.attachments.histograms.assign(1, {0, ""});
    if (random() % 20 == 0) scrape.attachments = {};
    std::string bytes;
    REQUIRE(encoder.Encode(scrape.View(), bytes));
    REQUIRE(decoder.Take(bytes) == SegmentDecoder::Outcome::kScrape);
    REQUIRE(Same(scrape, decoder.segment.view()));
  }
}

TEST_CASE("what does not change costs next to nothing, what moves a part of its size") {
  SegmentEncoder encoder(kCreatedMs);
  TestScrape scrape = Plain(40);
  const std::string labels = ExemplarLabels("4bf92f3577b34da6a3ce929d0e0e4736");
  for (uint32_t place = 0; place < 10; ++place) {
    scrape.attachments.histograms.push_back({place, HistogramMessage(1000 * place)});
    scrape.attachments.exemplars.push_back({place, labels, 0.1 * place, kCreatedMs});
  }
  const size_t whole = EncodedSize(encoder, scrape);
  const size_t nothing = EncodedSize(encoder, scrape);
  CHECK(nothing < 40);
  for (uint32_t place = 0; place < 10; ++place) {
    scrape.attachments.histograms[place].message = HistogramMessage(1000 * place + 3);
  }
  const size_t moved = EncodedSize(encoder, scrape);
  MESSAGE("10 histograms and exemplars: " << whole << " bytes, unchanged " << nothing << ", moved "
                                          << moved);
  CHECK(moved * 2 < whole);
}

TEST_CASE("a record without them is what it always was") {
  SegmentEncoder encoder(kCreatedMs);
  TestScrape scrape = Plain(3);
  std::string first;
  REQUIRE(encoder.Encode(scrape.View(), first));
  std::string bytes;
  scrape.values = {1, 2.5, 1};
  REQUIRE(encoder.Encode(scrape.View(), bytes));
  std::string hex;
  for (const char byte : bytes.substr(kRecordHeaderBytes)) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(byte));
    hex += digits;
  }
  // flags, 3 samples, 1000 ms, stream 3, number 1, coding; of three the second one, tenths, 10 ->
  // 25
  CHECK(hex ==
        "0003d00f0401010203"
        "1e");
}

TEST_CASE("attachments that contradict their scrape or are too large are refused") {
  const TestScrape good = Plain(40);
  SegmentEncoder encoder(kCreatedMs);
  std::string out;
  const auto refused = [&](const OwnedAttachments& attachments) {
    TestScrape scrape = good;
    scrape.attachments = attachments;
    return !encoder.Encode(scrape.View(), out) && out.empty();
  };
  OwnedAttachments bad;
  bad.histograms = {{40, "m"}};
  CHECK(refused(bad));
  bad.histograms = {{3, "m"}, {3, "m"}};
  CHECK(refused(bad));
  bad.histograms = {{3, std::string(kSectionBytesMax, 'm')}};
  CHECK(refused(bad));
  bad = {};
  bad.exemplars = {{40, "", 0, 0}};
  CHECK(refused(bad));
  bad.exemplars = {{4, "", 0, 0}, {3, "", 0, 0}};
  CHECK(refused(bad));
  bad.exemplars = {{4, "no labels", 0, 0}};
  CHECK(refused(bad));
  bad.exemplars = {{4, ExemplarLabels("b") + ExemplarLabels("a"), 0, 0}};
  CHECK(refused(bad));
  TestScrape scrape = good;
  scrape.attachments.exemplars = {{4, "", 0, 0}, {4, "", 0, 0}};
  CHECK(encoder.Encode(scrape.View(), out));
}

TEST_CASE("sections too large to be kept are coded by themselves") {
  SegmentEncoder encoder(kCreatedMs);
  Decoder decoder;
  TestScrape scrape = Plain(40);
  std::mt19937 random(4);
  std::string noise(kSectionKeptMax + 1, '\0');
  for (char& byte : noise) byte = static_cast<char>(random());
  for (const size_t size : {size_t{100}, noise.size(), noise.size(), size_t{100}, size_t{100}}) {
    scrape.attachments.histograms = {{1, noise.substr(0, size)}};
    std::string bytes;
    REQUIRE(encoder.Encode(scrape.View(), bytes));
    REQUIRE(decoder.Take(bytes) == SegmentDecoder::Outcome::kScrape);
    CHECK(Same(scrape, decoder.segment.view()));
  }
}

TEST_CASE(
    "a damaged record with a true checksum is refused or comes to something a writer allows") {
  SegmentEncoder encoder(kCreatedMs);
  TestScrape scrape = Plain(40);
  for (uint32_t place = 0; place < 8; place += 2) {
    scrape.attachments.histograms.push_back({place, HistogramMessage(5000 + place)});
    scrape.attachments.exemplars.push_back({place, ExemplarLabels("abc"), 4, kCreatedMs});
  }
  std::string first;
  REQUIRE(encoder.Encode(scrape.View(), first));
  scrape.attachments.histograms[1].message = HistogramMessage(7);
  std::string second;
  REQUIRE(encoder.Encode(scrape.View(), second));
  const std::string payload = second.substr(kRecordHeaderBytes);
  std::mt19937 random(5);
  for (int i = 0; i < 4000; ++i) {
    std::string damaged = payload;
    if (i < static_cast<int>(8 * payload.size())) {
      damaged[i / 8] = static_cast<char>(damaged[i / 8] ^ (1 << (i % 8)));
    } else {
      damaged = Edited(random, payload);
    }
    Decoder decoder;
    REQUIRE(decoder.Take(first) == SegmentDecoder::Outcome::kScrape);
    std::string record;
    const size_t begin = BeginRecord(RecordType::kScrape, record);
    record.append(damaged);
    EndRecord(begin, record);
    if (decoder.Take(record) == SegmentDecoder::Outcome::kScrape) {
      CHECK(ConsistentAttachments(decoder.segment.view()));
    }
  }
}
