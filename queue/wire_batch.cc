#include "queue/wire_batch.h"

#include <snappy.h>

#include <algorithm>

namespace limpet {
namespace {

struct Frame {
  std::string_view bytes;  // with tag and length
  int64_t timestamp_ms = 0;
};

// The timestamp of the first sample in a TimeSeries.
bool ReadTimestamp(std::string_view series, int64_t& timestamp_ms) {
  timestamp_ms = 0;
  while (!series.empty()) {
    const char tag = series.front();
    series.remove_prefix(1);
    std::string_view field;
    if (!ReadDelimited(series, field)) return false;
    if (tag == kWireLabels) continue;
    if (tag != kWireSamples) return false;
    if (!field.empty() && field.front() == kWireValue) {
      if (field.size() < 1 + sizeof(double)) return false;
      field.remove_prefix(1 + sizeof(double));
    }
    if (field.empty()) return true;
    if (field.front() != kWireTimestamp) return false;
    field.remove_prefix(1);
    uint64_t value = 0;
    if (!ReadVarint(field, value)) return false;
    timestamp_ms = static_cast<int64_t>(value);
    return true;
  }
  return false;
}

bool ReadFrame(std::string_view& message, Frame& frame) {
  const std::string_view before = message;
  if (message.empty() || message.front() != kWireTimeSeries) return false;
  message.remove_prefix(1);
  std::string_view series;
  if (!ReadDelimited(message, series)) return false;
  frame.bytes = before.substr(0, before.size() - message.size());
  return ReadTimestamp(series, frame.timestamp_ms);
}

// Of one sample a time series.
Batch MakeBatch(std::string_view message, WireBuffer& memory) {
  Batch batch;
  Frame frame;
  for (std::string_view rest = message; ReadFrame(rest, frame);) {
    batch.oldest_ms =
        batch.samples == 0 ? frame.timestamp_ms : std::min(batch.oldest_ms, frame.timestamp_ms);
    batch.newest_ms =
        batch.samples == 0 ? frame.timestamp_ms : std::max(batch.newest_ms, frame.timestamp_ms);
    ++batch.samples;
  }
  batch.body = CompressBlock(message, memory);
  return batch;
}

}  // namespace

std::string CompressBlock(std::string_view message, WireBuffer& memory) {
  // What is bigger is given back, so that one big batch does not stay in memory for good.
  constexpr size_t kKeptMax = 2u << 20;
  memory.Clear();
  char* out = memory.Reserve(snappy::MaxCompressedLength(message.size()));
  size_t size = 0;
  snappy::RawCompress(message.data(), message.size(), out, &size);
  std::string body(out, size);
  if (memory.capacity() > kKeptMax) memory.Release();
  return body;
}

std::vector<Batch> HalvesOf(const Batch& batch) {
  std::string message;
  std::vector<Batch> halves;
  if (!snappy::Uncompress(batch.body.data(), batch.body.size(), &message)) return halves;
  std::string_view rest = message;
  Frame frame;
  for (uint64_t i = 0; i < batch.samples / 2 && ReadFrame(rest, frame);) ++i;
  const std::string_view first = std::string_view(message).substr(0, message.size() - rest.size());
  WireBuffer memory;
  for (const std::string_view half : {first, rest}) {
    if (!half.empty()) halves.push_back(MakeBatch(half, memory));
  }
  return halves;
}

Batch WithoutOlderThan(const Batch& batch, int64_t oldest_ms) {
  std::string message;
  if (!snappy::Uncompress(batch.body.data(), batch.body.size(), &message)) return {};
  std::string kept;
  Frame frame;
  for (std::string_view rest = message; ReadFrame(rest, frame);) {
    if (frame.timestamp_ms >= oldest_ms) kept.append(frame.bytes);
  }
  if (kept.empty()) return {};
  WireBuffer memory;
  return MakeBatch(kept, memory);
}

}  // namespace limpet
