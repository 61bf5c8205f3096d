#include "queue/record_payload.h"

#include <snappy.h>

#include "queue/record.h"

namespace limpet {
namespace {

// Snappy cannot do better than 64 bytes out of 2.
constexpr uint64_t kSnappyRatioMax = 64;
constexpr uint64_t kMetadataMax = 65536;

void PutMetadata(const SeriesBlock& block, std::string& out) {
  if (block.metadata_table() == nullptr) return PutVarint(0, out);
  const MetadataTable& table = *block.metadata_table();
  PutVarint(table.size(), out);
  for (const MetricMetadata& metadata : table) {
    out.push_back(static_cast<char>(metadata.type));
    PutString(metadata.help, out);
    PutString(metadata.unit, out);
  }
  const std::vector<uint16_t>& places = block.metadata();
  for (size_t i = 0; i < places.size();) {
    size_t end = i + 1;
    while (end < places.size() && places[end] == places[i]) ++end;
    PutVarint(places[i], out);
    PutVarint(end - i, out);
    i = end;
  }
}

bool TakeMetadata(size_t series, std::vector<uint16_t>& places,
                  std::shared_ptr<const MetadataTable>& table, ByteReader& in) {
  const uint64_t count = in.Varint();
  if (count == 0) return in.AtEnd();
  if (count > kMetadataMax || count > in.rest().size()) return false;
  auto taken = std::make_shared<MetadataTable>(count);
  for (MetricMetadata& metadata : *taken) {
    const uint8_t type = in.Byte();
    if (type > static_cast<uint8_t>(MetricType::kStateset)) return false;
    metadata.type = static_cast<MetricType>(type);
    metadata.help = in.String();
    metadata.unit = in.String();
  }
  places.reserve(series);
  while (places.size() < series) {
    const uint64_t place = in.Varint();
    const uint64_t run = in.Varint();
    if (!in.ok() || place >= count || run == 0 || run > series - places.size()) return false;
    places.insert(places.end(), run, static_cast<uint16_t>(place));
  }
  table = std::move(taken);
  return in.AtEnd();
}

}  // namespace

bool PutLayoutRecord(uint64_t id, const SeriesBlock& block, std::string& out) {
  if (block.size() > kSeriesMax) return false;
  std::string plain;
  plain.reserve(block.encoded().size() + 2 * block.size());
  for (size_t i = 0; i < block.size(); ++i) PutVarint(block.Encoded(i).size(), plain);
  plain.append(block.encoded());
  PutMetadata(block, plain);
  if (plain.size() > kLayoutBytesMax) return false;
  std::string packed;
  snappy::Compress(plain.data(), plain.size(), &packed);
  if (packed.size() + 64 > kRecordPayloadMax) return false;
  const size_t begin = BeginRecord(RecordType::kLayout, out);
  PutVarint(id, out);
  PutVarint(block.size(), out);
  out.append(packed);
  EndRecord(begin, out);
  return true;
}

std::optional<LayoutPayload> ParseLayout(std::string_view payload) {
  ByteReader in(payload);
  LayoutPayload layout;
  layout.id = in.Varint();
  const uint64_t count = in.Varint();
  const std::string_view packed = in.rest();
  size_t plain_size = 0;
  if (!in.ok() || count > kSeriesMax ||
      !snappy::GetUncompressedLength(packed.data(), packed.size(), &plain_size) ||
      plain_size > kLayoutBytesMax || plain_size > packed.size() * kSnappyRatioMax) {
    return std::nullopt;
  }
  std::string plain;
  if (!snappy::Uncompress(packed.data(), packed.size(), &plain)) return std::nullopt;
  ByteReader rest(plain);
  if (count > plain.size()) return std::nullopt;
  std::vector<uint32_t> starts(count);
  uint64_t start = 0;
  for (uint32_t& s : starts) {
    s = static_cast<uint32_t>(start);
    start += rest.Varint();
    if (start > plain.size()) return std::nullopt;
  }
  std::string labels(rest.Take(start));
  std::vector<uint16_t> places;
  std::shared_ptr<const MetadataTable> table;
  if (!TakeMetadata(count, places, table, rest)) return std::nullopt;
  auto block = SeriesBlock::FromEncoded(std::move(labels), std::move(starts), std::move(places),
                                        std::move(table));
  if (!block) return std::nullopt;
  layout.block = std::move(*block);
  return layout;
}

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
  constexpr uint8_t kKnown = kScrapeIsKey | kScrapeHasSubset | kScrapeHasTimestamps;
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
