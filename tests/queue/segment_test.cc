#include <doctest/doctest.h>

#include <map>
#include <random>

#include "queue/segment_decoder.h"
#include "queue/segment_encoder.h"
#include "queue/segment_scan.h"
#include "tests/queue/log_fixture.h"

using namespace limpet;

namespace {

constexpr int64_t kSegmentCreatedMs = 1'700'000'000'000;

struct Decoded {
  std::vector<uint64_t> sequences;
  uint64_t lost_samples = 0;
};

// Decodes a segment's records, without those whose place in the order is in `without`.
Decoded DecodeAll(std::string_view bytes, const std::vector<size_t>& without = {}) {
  LogPool pool;
  SegmentDecoder decoder(kSegmentCreatedMs, pool);
  Decoded decoded;
  Record record;
  size_t needed = 0;
  for (size_t i = 0; !bytes.empty(); ++i) {
    REQUIRE(ParseRecord(bytes, RecordCheck::kChecksum, record, needed) == RecordStatus::kOk);
    bytes.remove_prefix(record.bytes);
    if (std::ranges::find(without, i) != without.end()) continue;
    const auto outcome = decoder.Decode(record);
    if (outcome == SegmentDecoder::Outcome::kUndecodable) {
      decoded.lost_samples += decoder.lost_samples();
    } else if (outcome == SegmentDecoder::Outcome::kScrape) {
      decoded.sequences.push_back(SequenceOf(decoder.view()));
      CHECK(Same(MakeScrape(decoded.sequences.back()), decoder.view()));
    }
  }
  return decoded;
}

std::string EncodeAll(SegmentEncoder& encoder, uint64_t begin, uint64_t end) {
  std::string bytes;
  for (uint64_t i = begin; i < end; ++i) {
    const TestScrape scrape = MakeScrape(i);
    REQUIRE(encoder.Encode(scrape.View(), bytes));
  }
  return bytes;
}

size_t CountRecords(std::string_view bytes) {
  Record record;
  size_t needed = 0;
  size_t count = 0;
  for (; !bytes.empty(); ++count) {
    REQUIRE(ParseRecord(bytes, RecordCheck::kChecksum, record, needed) == RecordStatus::kOk);
    bytes.remove_prefix(record.bytes);
  }
  return count;
}

}  // namespace

TEST_CASE("scrapes of several targets and layouts come back") {
  SegmentEncoder encoder(kSegmentCreatedMs);
  CHECK(DecodeAll(EncodeAll(encoder, 0, 1000)).sequences == Range(0, 1000));
  CHECK(encoder.streams() == 6);
}

TEST_CASE("a missing record costs at most what depends on it, and never a wrong value") {
  SegmentEncoder encoder(kSegmentCreatedMs);
  const std::string bytes = EncodeAll(encoder, 0, 600);
  const size_t records = CountRecords(bytes);
  for (size_t missing = 0; missing < records; missing += missing < 30 ? 1 : 17) {
    const Decoded decoded = DecodeAll(bytes, {missing});
    CHECK(decoded.sequences.size() < 600);
    // A key record comes every 64 of a stream, and there are six streams.
    if (missing > 20) CHECK(decoded.sequences.size() > 500);
  }
}

TEST_CASE("a view that contradicts itself is refused and leaves nothing behind") {
  SegmentEncoder encoder(kSegmentCreatedMs);
  const TestScrape good = MakeScrape(0);
  std::string out;
  TestScrape bad = good;
  bad.values.pop_back();
  CHECK_FALSE(encoder.Encode(bad.View(), out));
  bad = good;
  bad.timestamps = {1};
  CHECK_FALSE(encoder.Encode(bad.View(), out));
  bad = good;
  bad.series = {3, 2};
  bad.values.resize(2);
  CHECK_FALSE(encoder.Encode(bad.View(), out));
  bad.series = {3, 20};
  CHECK_FALSE(encoder.Encode(bad.View(), out));
  CHECK(out.empty());
  CHECK(encoder.Encode(good.View(), out));
}

TEST_CASE("streams that churn are closed, in the writer and in readers") {
  SegmentEncoder encoder(kSegmentCreatedMs);
  LogPool pool;
  SegmentDecoder decoder(kSegmentCreatedMs, pool);
  std::string bytes;
  // One target whose layout changes at every scrape, and new targets that are never seen again.
  const auto steady = MakeTarget("steady");
  for (int i = 0; i < 500; ++i) {
    const std::vector<double> values(3, i);
    const int64_t now = kSegmentCreatedMs + int64_t{i} * 60'000;
    bytes.clear();
    const auto layout = MakeLayout("layout-" + std::to_string(i), 3);
    REQUIRE(encoder.Encode({layout, steady, now, {}, values, {}}, bytes));
    REQUIRE(encoder.Encode({layout, MakeTarget("once-" + std::to_string(i)), now, {}, values, {}},
                           bytes));
    std::string_view rest = bytes;
    int scrapes = 0;
    while (!rest.empty()) {
      Record record;
      size_t needed = 0;
      REQUIRE(ParseRecord(rest, RecordCheck::kChecksum, record, needed) == RecordStatus::kOk);
      rest.remove_prefix(record.bytes);
      const auto outcome = decoder.Decode(record);
      REQUIRE(outcome != SegmentDecoder::Outcome::kUndecodable);
      if (outcome == SegmentDecoder::Outcome::kScrape) ++scrapes;
    }
    CHECK(scrapes == 2);
  }
  CHECK(encoder.streams() < 30);
  // The pool keeps nothing alive, so what is in use is what the reader holds.
  CHECK(pool.InUse() < 80);
}

TEST_CASE("a reader shares layouts and targets with the writer") {
  LogPool pool;
  const TestScrape scrape = MakeScrape(1);
  pool.Add(scrape.layout);
  pool.Add(scrape.target);
  SegmentEncoder encoder(kSegmentCreatedMs);
  std::string bytes;
  REQUIRE(encoder.Encode(scrape.View(), bytes));
  SegmentDecoder decoder(kSegmentCreatedMs, pool);
  std::string_view rest = bytes;
  Record record;
  size_t needed = 0;
  while (!rest.empty()) {
    REQUIRE(ParseRecord(rest, RecordCheck::kChecksum, record, needed) == RecordStatus::kOk);
    rest.remove_prefix(record.bytes);
    decoder.Decode(record);
  }
  CHECK(decoder.view().layout == scrape.layout);
  CHECK(decoder.view().target == scrape.target);
}

TEST_CASE("targets without labels of their own are told apart by their keys, over a restart") {
  const auto layout = MakeLayout("m", 2);
  const std::vector<double> values(2, 1);
  SegmentEncoder encoder(kSegmentCreatedMs);
  std::string bytes;
  for (const uint64_t key : {7, 8}) {
    const auto target = NewLogTarget(Labels(), key);
    REQUIRE(encoder.Encode({layout, target, kSegmentCreatedMs, {}, values, {}}, bytes));
  }
  LogPool pool;
  SegmentDecoder decoder(kSegmentCreatedMs, pool);
  std::vector<uint64_t> keys;
  std::string_view rest = bytes;
  Record record;
  size_t needed = 0;
  while (!rest.empty()) {
    REQUIRE(ParseRecord(rest, RecordCheck::kChecksum, record, needed) == RecordStatus::kOk);
    rest.remove_prefix(record.bytes);
    if (decoder.Decode(record) != SegmentDecoder::Outcome::kScrape) continue;
    CHECK(decoder.scanned().key == decoder.view().target->key);
    keys.push_back(decoder.view().target->key);
  }
  CHECK(keys == std::vector<uint64_t>{7, 8});
  CHECK(NewLogTarget(Labels{{"a", "b"}})->key == NewLogTarget(Labels{{"a", "b"}})->key);
  CHECK(NewLogTarget(Labels{{"a", "b"}})->key != NewLogTarget(Labels{{"a", "c"}})->key);
}

TEST_CASE("scanned scrapes are decoded target by target, also where streams are closed meanwhile") {
  // Layouts that change make the writer close streams; a hundred scrapes are scanned first.
  SegmentEncoder encoder(kSegmentCreatedMs);
  std::string bytes;
  std::vector<TestScrape> scrapes;
  for (int i = 0; i < 100; ++i) {
    TestScrape scrape = MakeScrape(static_cast<uint64_t>(i));
    if (i % 3 == 0) {
      scrape.layout = MakeLayout("layout-" + std::to_string(i), 20);
    }
    REQUIRE(encoder.Encode(scrape.View(), bytes));
    scrapes.push_back(std::move(scrape));
  }
  LogPool pool;
  SegmentDecoder decoder(kSegmentCreatedMs, pool);
  std::map<uint64_t, std::vector<std::pair<size_t, std::string_view>>> by_key;
  std::string_view rest = bytes;
  Record record;
  size_t needed = 0;
  size_t next = 0;
  while (!rest.empty()) {
    REQUIRE(ParseRecord(rest, RecordCheck::kChecksum, record, needed) == RecordStatus::kOk);
    rest.remove_prefix(record.bytes);
    const auto outcome = decoder.Scan(record);
    REQUIRE(outcome != SegmentDecoder::Outcome::kUndecodable);
    if (outcome != SegmentDecoder::Outcome::kScrape) continue;
    CHECK(decoder.scanned().timestamp_ms == scrapes[next].timestamp_ms);
    by_key[decoder.scanned().key].emplace_back(next++, record.payload);
  }
  CHECK(by_key.size() == 3);
  for (const auto& [key, payloads] : by_key) {
    for (const auto& [place, payload] : payloads) {
      REQUIRE(decoder.DecodeScanned(payload));
      CHECK(Same(scrapes[place], decoder.view()));
    }
  }
}

TEST_CASE("the scanner finds torn tails, damage and samples") {
  MemoryFileSystem files;
  files.CreateDirectories("/d");
  SegmentEncoder encoder(kSegmentCreatedMs);
  std::string bytes = EncodeSegmentHeader({1, kSegmentCreatedMs}) + EncodeAll(encoder, 0, 50);
  const uint64_t fifty = bytes.size();
  bytes += EncodeAll(encoder, 50, 51);
  const SegmentHeader header{1, kSegmentCreatedMs};

  for (uint64_t cut = fifty; cut < bytes.size(); ++cut) {
    files.SetContent("/d/s", bytes.substr(0, cut));
    auto file = files.Open("/d/s", OpenMode::kRead).value();
    const auto summary = SummarizeSegment(*file, header, kSegmentHeaderBytes, cut).value();
    CHECK(summary.good_end == fifty);
    CHECK(summary.scrapes == 50);
    CHECK(summary.oldest_ms == MakeScrape(0).timestamp_ms);
    CHECK(summary.newest_ms == MakeScrape(49).timestamp_ms);
  }

  std::mt19937 random(3);
  for (int i = 0; i < 300; ++i) {
    std::string damaged = bytes;
    const size_t at = kSegmentHeaderBytes + random() % (fifty - kSegmentHeaderBytes);
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (random() % 8)));
    files.SetContent("/d/s", damaged);
    auto file = files.Open("/d/s", OpenMode::kRead).value();
    const auto summary =
        SummarizeSegment(*file, header, kSegmentHeaderBytes, damaged.size()).value();
    CHECK(summary.damaged_places == 1);
    CHECK(summary.good_end == damaged.size());
    CHECK(summary.scrapes >= 50);
  }
}
