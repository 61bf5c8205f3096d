#include "queue/log_inspect.h"

#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "queue/cursor_file.h"
#include "queue/distinct_counter.h"
#include "queue/log_recovery.h"

namespace limpet {
namespace {

constexpr std::string_view kMovedAsideSuffix = ".bad";

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The other way round than CursorFileName, where a name was short enough for that.
std::string ReceiverOf(const std::string& file_name) {
  const std::string stem = file_name.substr(0, file_name.size() - kCursorSuffix.size());
  std::string receiver;
  for (size_t i = 0; i < stem.size(); ++i) {
    const bool escape = stem[i] == '%' && i + 2 < stem.size() && HexDigit(stem[i + 1]) >= 0 &&
                        HexDigit(stem[i + 2]) >= 0;
    if (!escape) {
      receiver.push_back(stem[i]);
      continue;
    }
    receiver.push_back(static_cast<char>(HexDigit(stem[i + 1]) * 16 + HexDigit(stem[i + 2])));
    i += 2;
  }
  return CursorFileName(receiver) == file_name ? receiver : stem;
}

struct ContentCounters {
  DistinctCounter series;
  DistinctCounter targets;
  DistinctCounter layouts;

  void WriteTo(LogContents& contents) const {
    contents.series = series.count();
    contents.targets = targets.count();
    contents.layouts = layouts.count();
    contents.estimated = !series.exact() || !targets.exact() || !layouts.exact();
  }
};

void NoteTime(int64_t timestamp_ms, LogContents& contents) {
  const bool first = contents.oldest_ms == 0;
  contents.oldest_ms = first ? timestamp_ms : std::min(contents.oldest_ms, timestamp_ms);
  contents.newest_ms = first ? timestamp_ms : std::max(contents.newest_ms, timestamp_ms);
}

class Inspection : public SegmentVisitor {
 public:
  Inspection(FileSystem& files, const std::string& directory)
      : files_(files), directory_(directory) {}

  Result<LogReport> Run(const std::function<void()>& wait) {
    TakeCursors();
    auto visited = VisitSegments(
        files_, directory_, std::nullopt, wait, *this,
        [this](uint64_t number) {
          BeginSegment(number);
          return true;
        },
        [this](uint64_t bytes) { EndSegment(bytes); });
    if (!visited) return visited.error();
    total_.WriteTo(report_.total);
    NoteMovedAside();
    return std::move(report_);
  }

  void OnHeader(const SegmentHeader& header) override { segment_.created_ms = header.created_ms; }

  bool OnRecord(const InspectedRecord& record) override {
    LogContents& contents = segment_.contents;
    ++contents.records;
    contents.lost_samples += record.lost_samples + record.missing_samples;
    CheckCursors(record);
    if (record.scrape == nullptr) return true;
    ++contents.scrapes;
    contents.samples += record.scrape->values.size();
    NoteTime(record.scrape->timestamp_ms, contents);
    NoteSeries(*record.scrape);
    CountForCursors(record);
    return true;
  }

  void OnDamage(const LogDamage& damage) override {
    ++report_.damage_total;
    const bool dependent =
        damage.kind == DamageKind::kStreamGap || damage.kind == DamageKind::kCursorInside;
    if (!dependent) segment_.contents.damaged_bytes += damage.bytes;
    if (report_.damage.size() < kDamageListedMax) report_.damage.push_back(damage);
  }

 private:
  void TakeCursors() {
    const std::string folder = directory_ + "/cursors";
    auto names = files_.List(folder);
    if (!names) {
      if (names.error().code == ENOENT) return;
      return OnDamage({DamageKind::kUnreadable, folder, 0, 0, 0, names.error().message});
    }
    for (const std::string& name : *names) {
      if (!name.ends_with(kCursorSuffix)) continue;
      InspectedCursor cursor;
      cursor.path = folder + "/" + name;
      cursor.receiver = ReceiverOf(name);
      auto position = ReadCursor(files_, cursor.path);
      if (!position && position.error().code == ENOENT) continue;  // went meanwhile
      if (!position) {
        OnDamage({DamageKind::kUnreadable, cursor.path, 0, 0, 0, position.error().message});
      } else if (!*position) {
        OnDamage({DamageKind::kBadCursor, cursor.path, 0, 0, 0,
                  "no entry checks out; the receiver gets the log from its oldest record"});
      } else {
        cursor.position = **position;
        cursor.removed_ms = (*position)->removed_ms;
      }
      report_.cursors.push_back(std::move(cursor));
    }
  }

  void BeginSegment(uint64_t number) {
    segment_ = {};
    segment_.number = number;
    segment_.path = SegmentPath(directory_, number);
    in_segment_ = {};
    pairs_.clear();
  }

  void EndSegment(uint64_t bytes) {
    LogContents& contents = segment_.contents;
    contents.bytes = bytes;
    in_segment_.WriteTo(contents);
    for (InspectedCursor& cursor : report_.cursors) CountBytes(cursor);
    AddToTotal(contents);
    report_.segments.push_back(std::move(segment_));
  }

  void AddToTotal(const LogContents& contents) {
    LogContents& total = report_.total;
    total.bytes += contents.bytes;
    total.records += contents.records;
    total.scrapes += contents.scrapes;
    total.samples += contents.samples;
    total.lost_samples += contents.lost_samples;
    total.damaged_bytes += contents.damaged_bytes;
    if (contents.scrapes == 0) return;
    NoteTime(contents.oldest_ms, total);
    NoteTime(contents.newest_ms, total);
  }

  void NoteSeries(const ScrapeView& scrape) {
    // A stream is looked at once; ids are not used twice while the process lives.
    if (!pairs_.emplace(scrape.layout->id(), scrape.target->id).second) return;
    const uint64_t labels = scrape.target->labels.Hash();
    in_segment_.targets.Add(scrape.target->key);
    total_.targets.Add(scrape.target->key);
    in_segment_.layouts.Add(scrape.layout->content_hash());
    total_.layouts.Add(scrape.layout->content_hash());
    for (size_t i = 0; i < scrape.layout->size(); ++i) {
      const std::string_view line = scrape.layout->Encoded(i);
      const uint64_t hash = XXH3_64bits_withSeed(line.data(), line.size(), labels);
      in_segment_.series.Add(hash);
      total_.series.Add(hash);
    }
  }

  void CheckCursors(const InspectedRecord& record) {
    for (const InspectedCursor& cursor : report_.cursors) {
      if (!cursor.position || cursor.position->segment != segment_.number) continue;
      const uint64_t offset = cursor.position->offset;
      if (offset <= record.offset || offset >= record.offset + record.record.bytes) continue;
      OnDamage({DamageKind::kCursorInside, cursor.path, 0, 0, 0,
                "stands at " + std::to_string(offset) + " in segment " +
                    std::to_string(segment_.number) + ", inside a record"});
    }
  }

  void CountForCursors(const InspectedRecord& record) {
    const LogPosition place{segment_.number, record.offset};
    const uint64_t samples = record.scrape->values.size();
    for (InspectedCursor& cursor : report_.cursors) {
      if (cursor.position.value_or(LogPosition{}) > place) {
        cursor.samples_before += samples;
        continue;
      }
      cursor.samples_behind += samples;
      if (cursor.oldest_unsent_ms == 0) cursor.oldest_unsent_ms = record.scrape->timestamp_ms;
    }
  }

  void CountBytes(InspectedCursor& cursor) const {
    const LogPosition position = cursor.position.value_or(LogPosition{});
    const uint64_t bytes = segment_.contents.bytes;
    uint64_t before = position.segment > segment_.number ? bytes : 0;
    if (position.segment == segment_.number) {
      before = std::min(position.offset, bytes);
      cursor.bytes_beyond_end = position.offset - before;
    }
    cursor.bytes_before += before;
    cursor.bytes_behind += bytes - before;
  }

  void NoteMovedAside() {
    for (const char* folder : {"/log", "/cursors"}) {
      auto names = files_.List(directory_ + folder);
      if (!names) continue;
      for (const std::string& name : *names) {
        if (!name.ends_with(kMovedAsideSuffix)) continue;
        report_.moved_aside.push_back(directory_ + folder + "/" + name);
      }
    }
  }

  FileSystem& files_;
  const std::string directory_;
  LogReport report_;
  ContentCounters total_;
  InspectedSegment segment_;  // the one under way
  ContentCounters in_segment_;
  std::set<std::pair<uint64_t, uint64_t>> pairs_;  // layout and target
};

}  // namespace

Result<LogReport> InspectLog(FileSystem& files, const std::string& directory,
                             const std::function<void()>& wait) {
  return Inspection(files, directory).Run(wait);
}

Result<void> VisitSegments(FileSystem& files, const std::string& directory,
                           std::optional<uint64_t> only, const std::function<void()>& wait,
                           SegmentVisitor& visitor,
                           const std::function<bool(uint64_t number)>& begin,
                           const std::function<void(uint64_t bytes)>& end) {
  auto names = files.List(directory + "/log");
  if (!names) return names.error();
  std::set<uint64_t> numbers;
  for (const std::string& name : *names) {
    if (const auto number = SegmentNumberOf(name)) numbers.insert(*number);
  }
  if (only && !numbers.contains(*only)) {
    return Error{SegmentPath(directory, *only) + ": no such segment", ENOENT};
  }
  for (const uint64_t number : numbers) {
    if (only && number != *only) continue;
    if (!begin(number)) break;
    const SegmentInspectOptions options{number, number == *numbers.rbegin(), wait};
    const auto bytes = InspectSegment(files, SegmentPath(directory, number), options, visitor);
    // Nothing: delivered and deleted meanwhile.
    if (bytes && end) end(*bytes);
  }
  return {};
}

}  // namespace limpet
