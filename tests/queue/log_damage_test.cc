// Damage in segments: all of it is found, and nothing wrong comes out of the rest.
#include <doctest/doctest.h>

#include <random>

#include "queue/log_inspect.h"
#include "tests/queue/written_log.h"

namespace limpet {
namespace {

TEST_CASE("every flipped bit is found, in the right file, and nothing wrong comes out") {
  WrittenLog log;
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    const std::string& path = log.segments[random() % log.segments.size()];
    const uint64_t offset = random() % log.files.Content(path).size();
    const int bit = static_cast<int>(random() % 8);
    CAPTURE(path);
    CAPTURE(offset);
    CAPTURE(bit);
    log.files.FlipBit(path, offset, bit);
    const LogReport report = log.Inspect();
    REQUIRE_FALSE(report.sound());
    const LogDamage& first = report.damage.front();
    REQUIRE(first.file == path);
    REQUIRE(first.offset <= offset);
    REQUIRE(first.offset + first.bytes > offset);
    if (first.kind != DamageKind::kBadHeader) {
      // The next key record of any stream tells how many samples went before it.
      REQUIRE(report.total.samples + report.total.lost_samples <= SamplesOf(0, kScrapes));
    }
    log.files.FlipBit(path, offset, bit);
  }
  CHECK(log.Inspect().sound());
}

std::string Mutated(std::string bytes, std::mt19937& random) {
  const auto place = [&] { return bytes.empty() ? 0 : random() % bytes.size(); };
  for (uint32_t changes = 1 + random() % 3; changes > 0; --changes) {
    const size_t at = place();
    const size_t length = random() % 200;
    switch (random() % 7) {
      case 0:
        bytes.resize(at);
        break;
      case 1:
        bytes.erase(at, length);
        break;
      case 2:
        bytes.insert(at, bytes.substr(place(), random() % 3000));
        break;
      case 3:
        bytes.insert(at, length, static_cast<char>(random()));
        break;
      case 4:
        bytes.replace(at, length, std::string(length, '\0'));
        break;
      default:
        if (!bytes.empty()) bytes[at] = static_cast<char>(random());
    }
  }
  return bytes;
}

// Compares whatever a segment gives with what was once appended.
class Comparing : public SegmentVisitor {
 public:
  bool OnRecord(const InspectedRecord& record) override {
    if (record.scrape == nullptr) return true;
    const uint64_t sequence = SequenceOf(*record.scrape);
    REQUIRE(sequence < kScrapes);
    REQUIRE(Same(MakeScrape(sequence), *record.scrape));
    ++scrapes;
    return true;
  }
  void OnDamage(const LogDamage& damage) override {
    REQUIRE_FALSE(DamageKindName(damage.kind).empty());
    ++damages;
  }
  int scrapes = 0;
  int damages = 0;
};

TEST_CASE("mutated segments never crash it, and what they still give is what was written") {
  WrittenLog log;
  const std::string path = log.segments[1];
  const std::string sound = log.files.Content(path);
  const uint64_t number = *SegmentNumberOf(path.substr(path.rfind('/') + 1));
  std::mt19937 random(2);
  int damaged = 0;
  int with_scrapes = 0;
  for (int round = 0; round < 3000; ++round) {
    log.files.SetContent(path, Mutated(sound, random));
    Comparing visitor;
    CAPTURE(round);
    REQUIRE(InspectSegment(log.files, path, {number, random() % 2 == 0, {}}, visitor).has_value());
    damaged += visitor.damages > 0;
    with_scrapes += visitor.scrapes > 0;
  }
  CHECK(damaged > 2000);
  CHECK(with_scrapes > 2000);
}

TEST_CASE("a damaged key record takes its stream along: a gap, with its samples") {
  WrittenLog log;
  // The first scrape of a segment begins a stream.
  class FirstScrape : public SegmentVisitor {
   public:
    bool OnRecord(const InspectedRecord& record) override {
      offset = record.offset;
      return record.scrape == nullptr;
    }
    void OnDamage(const LogDamage& damage) override { FAIL(damage.detail); }
    uint64_t offset = 0;
  } first;
  REQUIRE(InspectSegment(log.files, log.segments[1], {2, false, {}}, first).has_value());
  log.files.FlipBit(log.segments[1], first.offset + kRecordHeaderBytes, 0);
  const LogReport report = log.Inspect();
  REQUIRE(report.damage_total == 2);
  CHECK(report.damage[0].kind == DamageKind::kBadRecord);
  CHECK(report.damage[0].offset == first.offset);
  CHECK(report.damage[1].kind == DamageKind::kStreamGap);
  CHECK(report.damage[1].offset > first.offset);
  CHECK(report.damage[1].samples > 0);
  CHECK(report.total.lost_samples >= report.damage[1].samples);
  CHECK(report.total.samples + report.total.lost_samples <= SamplesOf(0, kScrapes));
}

TEST_CASE("a cut tail") {
  WrittenLog log;
  const std::string newest = log.segments.back();
  const std::string sound = log.files.Content(newest);
  log.files.SetContent(newest, sound.substr(0, sound.size() - 3));
  LogReport report = log.Inspect();
  REQUIRE(report.damage_total == 1);
  CHECK(report.damage[0].kind == DamageKind::kTornTail);
  CHECK(report.damage[0].offset + report.damage[0].bytes == sound.size() - 3);
  CHECK(report.total.scrapes == kScrapes - 1);
  log.files.SetContent(newest, sound.substr(0, 10));
  report = log.Inspect();
  REQUIRE(report.damage_total == 1);
  CHECK(report.damage[0].kind == DamageKind::kBadHeader);
  // Just made, and nothing written yet.
  log.files.SetContent(newest, "");
  CHECK(log.Inspect().sound());
  log.files.SetContent(newest, sound.substr(0, kSegmentHeaderBytes));
  CHECK(log.Inspect().sound());
}

TEST_CASE("a record that is just being written is waited for") {
  WrittenLog log;
  const std::string newest = log.segments.back();
  const std::string sound = log.files.Content(newest);
  for (const size_t cut : {sound.size() - 1, sound.size() - 30, size_t{5}}) {
    log.files.SetContent(newest, sound.substr(0, cut));
    int waits = 0;
    const auto report = InspectLog(log.files, "/storage", [&] {
      if (++waits != 2) return;
      auto file = log.files.Open(newest, OpenMode::kReadWrite);
      REQUIRE((*file)->Append(sound.substr(cut)).has_value());
    });
    REQUIRE(report.has_value());
    CHECK(report->sound());
    CHECK(report->total.scrapes == kScrapes);
  }
  log.files.SetContent(newest, sound.substr(0, sound.size() - 1));
  int waits = 0;
  const auto report = InspectLog(log.files, "/storage", [&] { ++waits; });
  CHECK_FALSE(report->sound());
  CHECK(waits > 1);
}

}  // namespace
}  // namespace limpet
