// The pieces that Remote-Write messages are written from.
//
// Who calls it: the senders; one thread at a time.
// Messages (queue/remote_write.proto, queue/remote_write_v2.proto) are written as bytes, not built
// from objects. In 1.0 the labels of a series are copied as SeriesBlock keeps them, between them
// the outer labels (those of the target, and the external ones), encoded once a run of scrapes. See
// wire_plan.h for where they go, and wire_v2.h for 2.0.
#ifndef LIMPET_QUEUE_WIRE_H_
#define LIMPET_QUEUE_WIRE_H_

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/relabel/labels.h"

namespace limpet {

// Field numbers and wire types of remote_write.proto.
inline constexpr char kWireTimeSeries = 0x0A;  // WriteRequest.timeseries
inline constexpr char kWireLabels = 0x0A;      // TimeSeries.labels
inline constexpr char kWireSamples = 0x12;     // TimeSeries.samples
inline constexpr char kWireName = 0x0A;        // Label.name
inline constexpr char kWireString = 0x12;      // Label.value
inline constexpr char kWireValue = 0x09;       // Sample.value
inline constexpr char kWireTimestamp = 0x10;   // Sample.timestamp
// And of remote_write_v2.proto, where they differ.
inline constexpr char kWireSymbols = 0x22;       // Request.symbols
inline constexpr char kWireTimeSeriesV2 = 0x2A;  // Request.timeseries
inline constexpr char kWireLabelsRefs = 0x0A;    // TimeSeries.labels_refs
inline constexpr char kWireMetadata = 0x2A;      // TimeSeries.metadata
inline constexpr char kWireMetricType = 0x08;    // Metadata.type
inline constexpr char kWireHelpRef = 0x18;       // Metadata.help_ref
inline constexpr char kWireUnitRef = 0x20;       // Metadata.unit_ref
inline constexpr size_t kVarintBytesMax = 10;

inline size_t VarintSize(uint64_t value) {
  return 1 + (63 - static_cast<size_t>(__builtin_clzll(value | 1))) / 7;
}
inline char* WriteVarint(char* out, uint64_t value) {
  while (value >= 0x80) {
    *out++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *out++ = static_cast<char>(value);
  return out;
}
inline void AppendVarint(uint64_t value, std::string& out) {
  char bytes[kVarintBytesMax];
  out.append(bytes, static_cast<size_t>(WriteVarint(bytes, value) - bytes));
}
// A length-delimited field.
inline void AppendField(char tag, std::string_view content, std::string& out) {
  out.push_back(tag);
  AppendVarint(content.size(), out);
  out.append(content);
}
// Off the front of `bytes`; false where they end first or it is longer than ten bytes.
bool ReadVarint(std::string_view& bytes, uint64_t& value);
// A length and as many bytes, off the front.
bool ReadDelimited(std::string_view& bytes, std::string_view& content);

// Bytes one behind the other, in memory that is kept between uses and not cleared.
class WireBuffer {
 public:
  // Room for at least `bytes` more behind end(); invalidates what pointed into the buffer.
  char* Reserve(size_t bytes) {
    if (capacity_ - size_ < bytes) Grow(bytes);
    return memory_.get() + size_;
  }
  // Takes what was written behind the end into the buffer.
  void SetEnd(const char* end) { size_ = static_cast<size_t>(end - memory_.get()); }
  void Clear() { size_ = 0; }
  // Gives the memory back.
  void Release();
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  std::string_view view() const { return {memory_.get(), size_}; }

 private:
  void Grow(size_t bytes);
  std::unique_ptr<char[]> memory_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

// One sample of a series.
struct WireSample {
  int64_t timestamp_ms;
  double value;
};

static_assert(std::endian::native == std::endian::little, "doubles are copied as they are");

// A value of +0 is left out, as everywhere in the format: a third of a usual page's samples then
// take half the room. -0 stays.
inline bool HasValue(const WireSample& sample) {
  return std::bit_cast<uint64_t>(sample.value) != 0;
}
// Of a Sample, without tag and length. Both versions of the message have the same.
inline size_t SampleBytes(const WireSample& sample) {
  return (HasValue(sample) ? 1 + sizeof(double) : 0) + 1 +
         VarintSize(static_cast<uint64_t>(sample.timestamp_ms));
}
// Of all of them, with tags and lengths.
inline size_t SamplesBytes(std::span<const WireSample> samples) {
  size_t bytes = 0;
  for (const WireSample& sample : samples) bytes += 2 + SampleBytes(sample);
  return bytes;
}
inline char* WriteSample(char* out, const WireSample& sample) {
  *out++ = kWireSamples;
  *out++ = static_cast<char>(SampleBytes(sample));
  if (HasValue(sample)) {
    *out++ = kWireValue;
    std::memcpy(out, &sample.value, sizeof(sample.value));
    out += sizeof(sample.value);
  }
  *out++ = kWireTimestamp;
  return WriteVarint(out, static_cast<uint64_t>(sample.timestamp_ms));
}

// One label as SeriesBlock encodes it.
void AppendLabel(std::string_view name, std::string_view value, std::string& out);

// The labels around those of a series, in order of name: the target's and the external ones. A name
// that both have is there twice, the target's first: which of them a series gets is in its plan.
class OuterLabels {
 public:
  void Set(const Labels& target, const Labels& external);

  size_t size() const { return starts_.size() - 1; }
  std::string_view name(size_t i) const { return names_[i]; }
  std::string_view value(size_t i) const { return values_[i]; }
  bool external(size_t i) const { return external_[i]; }
  // The encoded labels from one to before another.
  std::string_view Encoded(size_t from, size_t to) const {
    return std::string_view(bytes_).substr(starts_[from], starts_[to] - starts_[from]);
  }
  size_t bytes() const { return bytes_.size(); }
  // Equal for equal names and origins: what a plan depends on.
  const std::string& shape() const { return shape_; }
  uint64_t shape_hash() const { return shape_hash_; }

 private:
  void Add(const Label& label, bool external);
  std::string bytes_;
  std::vector<uint32_t> starts_ = {0};
  // Into the Labels given to Set: good as long as those are.
  std::vector<std::string_view> names_;
  std::vector<std::string_view> values_;
  std::vector<bool> external_;
  std::string shape_;
  uint64_t shape_hash_ = 0;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_WIRE_H_
