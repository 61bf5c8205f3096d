#include "queue/wire_frames.h"

#include <snappy.h>

#include <algorithm>

#include "queue/series_block.h"

namespace limpet {
namespace {

void AppendVarint(uint64_t value, std::string& out) {
  char bytes[kVarintBytesMax];
  out.append(bytes, static_cast<size_t>(WriteVarint(bytes, value) - bytes));
}

void AppendField(char tag, std::string_view content, std::string& out) {
  out.push_back(tag);
  AppendVarint(content.size(), out);
  out.append(content);
}

bool ReadTimestamp(std::string_view sample, int64_t& timestamp_ms) {
  if (!sample.empty() && sample.front() == kWireValue) {
    if (sample.size() < 1 + sizeof(double)) return false;
    sample.remove_prefix(1 + sizeof(double));
  }
  if (sample.empty() || sample.front() != kWireTimestamp) return false;
  sample.remove_prefix(1);
  uint64_t value = 0;
  if (!ReadVarint(sample, value)) return false;
  timestamp_ms = static_cast<int64_t>(value);
  return sample.empty();
}

// A length-delimited field off the front.
bool ReadField(std::string_view& bytes, char& tag, std::string_view& content) {
  if (bytes.empty()) return false;
  tag = bytes.front();
  bytes.remove_prefix(1);
  return ReadDelimited(bytes, content);
}

}  // namespace

std::optional<MessageFrames> MessageFrames::Of(const Batch& batch) {
  MessageFrames frames;
  frames.protocol_ = batch.protocol;
  frames.message_ = std::make_unique<std::string>();
  if (!snappy::Uncompress(batch.body.data(), batch.body.size(), frames.message_.get()) ||
      !frames.Read(*frames.message_)) {
    return std::nullopt;
  }
  return frames;
}

bool MessageFrames::Read(std::string_view message) {
  const bool v2 = protocol_ == WireProtocol::kV2;
  char tag = 0;
  std::string_view content;
  while (!message.empty()) {
    if (!ReadField(message, tag, content)) return false;
    if (v2 && tag == kWireSymbols) {
      symbols_.push_back(content);
    } else if (tag != (v2 ? kWireTimeSeriesV2 : kWireTimeSeries) || !ReadSeries(content)) {
      return false;
    }
  }
  return true;
}

bool MessageFrames::ReadSeries(std::string_view content) {
  const bool v2 = protocol_ == WireProtocol::kV2;
  SeriesFrame& series = series_.emplace_back();
  const char* const labels = content.data();
  char tag = 0;
  std::string_view field;
  while (!content.empty()) {
    const std::string_view before = content;
    if (!ReadField(content, tag, field)) return false;
    const std::string_view whole = before.substr(0, before.size() - content.size());
    if (tag == kWireSamples) {
      if (!ReadTimestamp(field, series.samples.emplace_back(SampleFrame{whole, 0}).timestamp_ms)) {
        return false;
      }
    } else if (v2 && tag == kWireMetadata) {
      series.metadata = field;
    } else if (tag == kWireLabels && series.samples.empty()) {
      series.labels = v2 ? field : std::string_view(labels, whole.data() + whole.size() - labels);
    } else {
      return false;
    }
  }
  return true;
}

FrameWriter::FrameWriter(const MessageFrames& from, WireProtocol to) : from_(from), to_(to) {
  numbers_.resize(from.symbols().size());
  batch_.protocol = to;
}

bool FrameWriter::AppendRef(uint64_t ref, std::string& out) {
  if (ref >= numbers_.size()) return false;
  if (numbers_[ref] == 0) numbers_[ref] = symbols_.Number(from_.symbols()[ref]);
  AppendVarint(numbers_[ref], out);
  return true;
}

bool FrameWriter::AppendLabels(std::string_view labels, std::string& out) {
  if (from_.protocol() == WireProtocol::kV1) {
    if (to_ == WireProtocol::kV1) {
      out.append(labels);
      return true;
    }
    std::string_view name;
    std::string_view value;
    while (NextEncodedLabel(labels, name, value)) {
      AppendVarint(symbols_.Number(name), out);
      AppendVarint(symbols_.Number(value), out);
    }
    return labels.empty();
  }
  while (!labels.empty()) {
    uint64_t name = 0;
    uint64_t value = 0;
    if (!ReadVarint(labels, name) || !ReadVarint(labels, value)) return false;
    if (to_ == WireProtocol::kV1) {
      if (std::max(name, value) >= from_.symbols().size()) return false;
      AppendLabel(from_.symbols()[name], from_.symbols()[value], out);
    } else if (!AppendRef(name, out) || !AppendRef(value, out)) {
      return false;
    }
  }
  return true;
}

bool FrameWriter::AppendMetadata(std::string_view metadata, std::string& out) {
  if (to_ == WireProtocol::kV1) return true;
  while (!metadata.empty()) {
    const char tag = metadata.front();
    metadata.remove_prefix(1);
    uint64_t value = 0;
    if (!ReadVarint(metadata, value)) return false;
    out.push_back(tag);
    if (tag == kWireMetricType) {
      AppendVarint(value, out);
    } else if ((tag != kWireHelpRef && tag != kWireUnitRef) || !AppendRef(value, out)) {
      return false;
    }
  }
  return true;
}

bool FrameWriter::Add(const SeriesFrame& series, size_t from, size_t to) {
  if (from >= to) return true;
  labels_.clear();
  metadata_.clear();
  if (!AppendLabels(series.labels, labels_) || !AppendMetadata(series.metadata, metadata_)) {
    return false;
  }
  std::string content;
  if (to_ == WireProtocol::kV1) {
    content = labels_;
  } else {
    AppendField(kWireLabelsRefs, labels_, content);
  }
  for (size_t i = from; i < to; ++i) {
    const SampleFrame& sample = series.samples[i];
    content.append(sample.bytes);
    const bool first = batch_.samples++ == 0;
    batch_.oldest_ms =
        first ? sample.timestamp_ms : std::min(batch_.oldest_ms, sample.timestamp_ms);
    batch_.newest_ms =
        first ? sample.timestamp_ms : std::max(batch_.newest_ms, sample.timestamp_ms);
  }
  if (!metadata_.empty()) AppendField(kWireMetadata, metadata_, content);
  AppendField(to_ == WireProtocol::kV1 ? kWireTimeSeries : kWireTimeSeriesV2, content, message_);
  ++batch_.series;
  return true;
}

Batch FrameWriter::Seal() {
  WireBuffer memory;
  batch_.body = CompressBlock(to_ == WireProtocol::kV1 ? std::string_view() : symbols_.encoded(),
                              message_, memory);
  return std::move(batch_);
}

}  // namespace limpet
