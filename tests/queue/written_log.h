// A finished log of scrapes that can be told apart, with two cursors.
//
// Who calls it: the tests of its inspection.
#ifndef LIMPET_TESTS_QUEUE_WRITTEN_LOG_H_
#define LIMPET_TESTS_QUEUE_WRITTEN_LOG_H_

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "queue/cursor_file.h"
#include "queue/log_inspect.h"
#include "tests/queue/log_fixture.h"

namespace limpet {

inline constexpr uint64_t kScrapes = 400;

inline uint64_t SamplesOf(uint64_t begin, uint64_t end) {
  uint64_t samples = 0;
  for (uint64_t i = begin; i < end; ++i) samples += MakeScrape(i).values.size();
  return samples;
}

// The place before the scrape of that sequence.
class FindScrape : public SegmentVisitor {
 public:
  explicit FindScrape(uint64_t sequence) : sequence_(sequence) {}
  bool OnRecord(const InspectedRecord& record) override {
    if (record.scrape == nullptr || SequenceOf(*record.scrape) != sequence_) return true;
    offset = record.offset;
    return false;
  }
  void OnDamage(const LogDamage& damage) override { FAIL(damage.detail); }
  std::optional<uint64_t> offset;

 private:
  const uint64_t sequence_;
};

// A log of kScrapes, its first 100 delivered to "ahead", nothing to the other.
struct WrittenLog : LogFixture {
  WrittenLog() {
    options.segment_bytes = 4 * 1024;
    Open();
    const auto ahead = log->NewReader("ahead");
    const auto behind = log->NewReader("https://behind.example/write");
    AppendAll(0, kScrapes);
    Advance(Millis(5000));
    CloseLog();
    for (const std::string& name : files.List("/storage/log").value()) {
      segments.push_back("/storage/log/" + name);
    }
    REQUIRE(segments.size() > 2);
    SaveCursor(PlaceOf(100));
  }
  LogPosition PlaceOf(uint64_t sequence) {
    for (uint64_t number = 1; number <= segments.size(); ++number) {
      FindScrape find(sequence);
      (void)InspectSegment(files, segments[number - 1], {number, false, {}}, find);
      if (find.offset) return {number, *find.offset};
    }
    FAIL("not in the log: " << sequence);
    return {};
  }
  void SaveCursor(LogPosition position) {
    (void)files.Remove("/storage/cursors/ahead.cursor");
    CursorFile cursor(files, "/storage/cursors", "ahead.cursor");
    REQUIRE(cursor.Save(position).has_value());
  }
  LogReport Inspect() {
    auto report = InspectLog(files, "/storage");
    REQUIRE(report.has_value());
    return std::move(*report);
  }
  std::vector<std::string> segments;
};

}  // namespace limpet

#endif  // LIMPET_TESTS_QUEUE_WRITTEN_LOG_H_
