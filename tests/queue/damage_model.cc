#include "tests/queue/damage_model.h"

#include <algorithm>

#include "queue/record.h"
#include "queue/record_payload.h"

namespace limpet {
namespace {

constexpr int64_t kFirstScrapeMs = 1'700'000'000'000;
constexpr int64_t kScrapeIntervalMs = 250;
constexpr uint64_t kRecordsPerKey = 64;

struct Stream {
  uint64_t target = 0;
  uint64_t layout = 0;
  uint64_t number = 0;
  int64_t last = 0;  // sequence
  bool broken = false;
};

// Whether MakeScrape gives both the same target and layout.
bool SameTarget(int64_t a, int64_t b) { return a % 3 == b % 3; }
bool SameLayout(int64_t a, int64_t b) { return (a % 7 == 3) == (b % 7 == 3); }

// A segment as it was before the flips, record by record.
class SegmentWalk {
 public:
  SegmentWalk(const std::string& bytes, const std::vector<std::pair<uint64_t, int>>& flips)
      : bytes_(bytes), header_(*ParseSegmentHeader(bytes)) {
    for (const auto& [offset, bit] : flips) hits_.insert(offset);
  }

  // The sequences taken from what is in the file.
  std::set<int64_t> Run() {
    std::string_view rest(bytes_);
    rest.remove_prefix(kSegmentHeaderBytes);
    while (!rest.empty()) {
      Record record;
      size_t needed = 0;
      if (ParseRecord(rest, RecordCheck::kChecksum, record, needed) != RecordStatus::kOk) {
        rest.remove_prefix(1);  // a power cut was there
        continue;
      }
      const uint64_t begin = bytes_.size() - rest.size();
      Visit(record, Hit(begin, begin + record.bytes));
      rest.remove_prefix(record.bytes);
    }
    return std::move(taken_);
  }

  // Whether the scrape of that sequence depends on what is damaged, if it comes next in the file.
  // `later`: how many scrapes of its stream have come before it and behind the file's end.
  bool Depends(int64_t sequence, std::map<uint64_t, uint64_t>& later) const {
    for (const auto& [id, stream] : streams_) {
      if (sequence <= stream.last) continue;
      const bool target = SameTarget(sequence, stream.last);
      const bool layout = SameLayout(sequence, stream.last);
      if (target && dictionary_hits_.contains(stream.target)) return true;
      if (layout && dictionary_hits_.contains(stream.layout)) return true;
      if (!target || !layout) continue;
      const uint64_t number = stream.number + ++later[id];
      if (stream.broken && number / kRecordsPerKey == stream.number / kRecordsPerKey) return true;
    }
    return false;
  }

  bool header_hit() const { return Hit(0, kSegmentHeaderBytes); }

 private:
  bool Hit(uint64_t begin, uint64_t end) const {
    const auto at = hits_.lower_bound(begin);
    return at != hits_.end() && *at < end;
  }

  // A layout is worth nothing without what it is made of.
  bool RefersToHit(const Record& record) const {
    if (record.type != RecordType::kLayout) return false;
    const auto layout = ParseLayout(record.payload);
    if (!layout) return false;
    return dictionary_hits_.contains(layout->table) ||
           std::any_of(layout->chunks.begin(), layout->chunks.end(),
                       [&](uint64_t id) { return dictionary_hits_.contains(id); });
  }

  void Visit(const Record& record, bool hit) {
    ByteReader in(record.payload);
    if (record.type != RecordType::kScrape) {
      if (hit || RefersToHit(record)) dictionary_hits_.insert(in.Varint());
      return;
    }
    const auto front = TakeScrapeFront(in);
    if (!front) return;
    Stream& stream = streams_[front->stream];
    if ((front->flags & kScrapeIsKey) != 0) {
      stream.target = in.Varint();
      stream.layout = in.Varint();
      stream.broken =
          dictionary_hits_.contains(stream.target) || dictionary_hits_.contains(stream.layout);
    }
    stream.broken = stream.broken || hit;
    stream.number = front->number;
    const int64_t time_ms = header_.created_ms + front->since_created_ms;
    stream.last = (time_ms - kFirstScrapeMs) / kScrapeIntervalMs;
    if (stream.broken || header_hit()) taken_.insert(stream.last);
  }

  const std::string& bytes_;
  const SegmentHeader header_;
  std::set<uint64_t> hits_;
  std::map<uint64_t, Stream> streams_;
  std::set<uint64_t> dictionary_hits_;  // ids of all kinds; they are never used twice
  std::set<int64_t> taken_;
};

}  // namespace

std::string DamageModel::FlipBit(std::mt19937& random) {
  const bool cursor = random() % 4 == 0;
  const std::string folder = directory_ + (cursor ? "/cursors" : "/log");
  std::vector<std::string> paths;
  const auto names = files_.List(folder);
  for (const std::string& name : names ? *names : std::vector<std::string>()) {
    const std::string path = folder + "/" + name;
    const bool wanted = name.ends_with(cursor ? ".cursor" : ".seg");
    if (wanted && !files_.Content(path).empty()) paths.push_back(path);
  }
  if (paths.empty()) return {};
  const std::string path = paths[random() % paths.size()];
  const uint64_t size = files_.Content(path).size();
  // Mostly near the end, where what counts is.
  const uint64_t offset = random() % 2 == 0 ? random() % size : size - 1 - random() % size / 8;
  const int bit = static_cast<int>(random() % 8);
  files_.FlipBit(path, offset, bit);
  cursors_flipped_ = cursors_flipped_ || cursor;
  if (cursor) return path;
  Flips& flips = segments_[path];
  flips.bits.emplace_back(offset, bit);
  flips.seen_bytes = 0;
  return path;
}

std::string DamageModel::Unflipped(const std::string& path, Flips& flips) {
  std::string bytes = files_.Content(path);
  // What was cut off is not damaged any more.
  std::erase_if(flips.bits, [&](const auto& flip) { return flip.first >= bytes.size(); });
  for (const auto& [offset, bit] : flips.bits) {
    bytes[offset] = static_cast<char>(bytes[offset] ^ (1 << bit));
  }
  return bytes;
}

void DamageModel::Refresh(int64_t next, uint64_t first_segment) {
  std::erase_if(segments_, [&](const auto& entry) { return !files_.Exists(entry.first); });
  if (segments_.empty()) return;
  std::string newest;
  for (const std::string& name : *files_.List(directory_ + "/log")) {
    if (name.ends_with(".seg")) newest = directory_ + "/log/" + name;
  }
  for (auto& [path, flips] : segments_) {
    const std::string bytes = Unflipped(path, flips);
    const auto header = ParseSegmentHeader(bytes);
    if (!header) continue;  // a power cut took it: all of it was new
    const bool grows = path == newest && header->number >= first_segment;
    if (flips.seen_bytes == bytes.size() && (!grows || flips.seen_next == next)) continue;
    flips.seen_bytes = bytes.size();
    flips.seen_next = next;
    Walk(bytes, flips, next, grows);
  }
}

void DamageModel::Walk(const std::string& bytes, const Flips& flips, int64_t next, bool grows) {
  SegmentWalk walk(bytes, flips.bits);
  const uint64_t segment = walk.header_hit() ? 0 : ParseSegmentHeader(bytes)->number;
  const std::set<int64_t> taken = walk.Run();
  for (const int64_t sequence : taken) Take(sequence, segment);
  if (!grows) return;
  std::map<uint64_t, uint64_t> later;
  // A segment has far fewer than this.
  for (int64_t s = std::max<int64_t>(0, next - 1000); s < next; ++s) {
    if (walk.Depends(s, later)) Take(s, 0);
  }
}

void DamageModel::Take(int64_t sequence, uint64_t segment) {
  const auto [known, fresh] = taken_.try_emplace(sequence, segment);
  // The last word is the file's; without the header nothing can be counted.
  if (!fresh && known->second == 0) known->second = segment;
}

uint64_t DamageModel::SegmentOf(int64_t sequence) const {
  const auto known = taken_.find(sequence);
  return known == taken_.end() ? 0 : known->second;
}

}  // namespace limpet
