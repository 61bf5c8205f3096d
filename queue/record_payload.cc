#include "queue/record_payload.h"

#include "queue/record.h"

namespace limpet {
void PutTargetRecord(uint64_t id, const LogTarget& target, std::string& out) {
  const size_t begin = BeginRecord(RecordType::kTarget, out);
  PutVarint(id, out);
  PutFixed64(target.key, out);
  for (const Label& label : target.labels) {
    PutString(label.name, out);
    PutString(label.value, out);
  }
  EndRecord(begin, out);
}

std::optional<TargetPayload> ParseTarget(std::string_view payload) {
  ByteReader in(payload);
  TargetPayload target;
  target.id = in.Varint();
  target.key = in.Fixed64();
  std::vector<Label> labels;
  while (!in.rest().empty()) {
    const std::string_view name = in.String();
    const std::string_view value = in.String();
    if (in.ok()) labels.push_back({std::string(name), std::string(value)});
  }
  if (!in.ok()) return std::nullopt;
  target.labels = Labels(std::move(labels));
  return target;
}

void PutScrapeFront(const ScrapeFront& front, std::string& out) {
  out.push_back(static_cast<char>(front.flags));
  PutVarint(front.samples, out);
  PutVarint(ZigZag(front.since_created_ms), out);
  PutVarint(front.stream, out);
  PutVarint(front.number, out);
}

std::optional<ScrapeFront> TakeScrapeFront(ByteReader& in) {
  ScrapeFront front;
  front.flags = in.Byte();
  front.samples = in.Varint();
  front.since_created_ms = UnZigZag(in.Varint());
  front.stream = in.Varint();
  front.number = in.Varint();
  constexpr uint8_t kKnown = kScrapeIsKey | kScrapeHasSubset | kScrapeHasTimestamps |
                             kScrapeHasHistograms | kScrapeHasExemplars;
  if (front.since_created_ms > kTimeMsMax || front.since_created_ms < -kTimeMsMax) {
    return std::nullopt;
  }
  if (!in.ok() || (front.flags & ~kKnown) != 0 || front.samples > kSeriesMax) return std::nullopt;
  return front;
}

void PutRuns(std::span<const uint32_t> series, std::string& out) {
  uint32_t next = 0;
  for (size_t i = 0; i < series.size();) {
    size_t end = i + 1;
    while (end < series.size() && series[end] == series[end - 1] + 1) ++end;
    PutVarint(series[i] - next, out);
    PutVarint(end - i, out);
    next = series[end - 1] + 1;
    i = end;
  }
}

bool TakeRuns(size_t count, size_t limit, std::vector<uint32_t>& series, ByteReader& in) {
  series.clear();
  uint64_t next = 0;
  while (series.size() < count) {
    const uint64_t pass = in.Varint();
    const uint64_t take = in.Varint();
    if (!in.ok() || take == 0 || take > count - series.size()) return false;
    if (pass > limit || next + pass + take > limit) return false;
    next += pass;
    for (uint64_t i = 0; i < take; ++i) series.push_back(static_cast<uint32_t>(next++));
  }
  return true;
}

void PutTimestamps(std::span<const int64_t> timestamps, int64_t base, std::string& out) {
  auto previous = static_cast<uint64_t>(base);
  for (const int64_t timestamp : timestamps) {
    const auto now = static_cast<uint64_t>(timestamp);
    PutVarint(ZigZag(static_cast<int64_t>(now - previous)), out);
    previous = now;
  }
}

bool TakeTimestamps(size_t count, int64_t base, std::vector<int64_t>& timestamps, ByteReader& in) {
  if (count > in.rest().size()) return false;
  timestamps.resize(count);
  auto previous = static_cast<uint64_t>(base);
  for (int64_t& timestamp : timestamps) {
    previous += static_cast<uint64_t>(UnZigZag(in.Varint()));
    timestamp = static_cast<int64_t>(previous);
  }
  return in.ok();
}

void PutIds(const std::vector<uint64_t>& ids, std::string& out) {
  PutVarint(ids.size(), out);
  for (const uint64_t id : ids) PutVarint(id, out);
}

bool TakeIds(std::vector<uint64_t>& ids, ByteReader& in) {
  const uint64_t count = in.Varint();
  if (count > in.rest().size()) return false;
  ids.resize(count);
  for (uint64_t& id : ids) id = in.Varint();
  return in.ok();
}

}  // namespace limpet
