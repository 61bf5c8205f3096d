#include "queue/wire_frames.h"

#include <snappy.h>

#include <algorithm>

#include "queue/series_block.h"

namespace limpet {
namespace {

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

bool ReadHistogramTimestamp(std::string_view histogram, int64_t& timestamp_ms) {
  if (histogram.empty() || histogram.front() != kWireHistogramTimestamp) return false;
  histogram.remove_prefix(1);
  uint64_t value = 0;
  if (!ReadVarint(histogram, value)) return false;
  timestamp_ms = static_cast<int64_t>(value);
  return true;
}

char HistogramsTag(WireProtocol protocol) {
  return protocol == WireProtocol::kV2 ? kWireHistogramsV2 : kWireHistograms;
}

char ExemplarsTag(WireProtocol protocol) {
  return protocol == WireProtocol::kV2 ? kWireExemplarsV2 : kWireExemplars;
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
      SampleFrame& sample = series.samples.emplace_back();
      sample.bytes = whole;
      if (!ReadTimestamp(field, sample.timestamp_ms)) return false;
    } else if (tag == HistogramsTag(protocol_)) {
      SampleFrame& sample = series.samples.emplace_back();
      sample.bytes = field;
      sample.is_histogram = true;
      if (!ReadHistogramTimestamp(field, sample.timestamp_ms)) return false;
    } else if (tag == ExemplarsTag(protocol_)) {
      if (!ReadExemplar(field, series.samples)) return false;
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

bool MessageFrames::ReadExemplar(std::string_view content, std::vector<SampleFrame>& samples) {
  ExemplarFrame exemplar;
  const bool v2 = protocol_ == WireProtocol::kV2;
  const char* const labels = content.data();
  while (!content.empty() && content.front() == kWireExemplarLabels) {
    char tag = 0;
    std::string_view field;
    if (!ReadField(content, tag, field)) return false;
    exemplar.labels =
        v2 ? field : std::string_view(labels, static_cast<size_t>(content.data() - labels));
  }
  exemplar.rest = content;
  if (!content.empty() && content.front() == kWireExemplarValue) {
    if (content.size() < 1 + sizeof(double)) return false;
    content.remove_prefix(1 + sizeof(double));
  }
  if (content.empty() || content.front() != kWireExemplarTimestamp) return false;
  content.remove_prefix(1);
  uint64_t timestamp = 0;
  if (!ReadVarint(content, timestamp) || !content.empty() || samples.empty()) return false;
  exemplar.timestamp_ms = static_cast<int64_t>(timestamp);
  auto owner = samples.begin();
  while (owner + 1 != samples.end() && owner->timestamp_ms < exemplar.timestamp_ms) ++owner;
  owner->exemplars.push_back(exemplar);
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

bool FrameWriter::AppendExemplars(const SampleFrame& sample, std::string& out) {
  for (const ExemplarFrame& exemplar : sample.exemplars) {
    std::string labels;
    if (!AppendLabels(exemplar.labels, labels)) return false;
    std::string content;
    if (to_ == WireProtocol::kV1) {
      content = std::move(labels);
    } else if (!labels.empty()) {
      AppendField(kWireExemplarLabels, labels, content);
    }
    content.append(exemplar.rest);
    AppendField(ExemplarsTag(to_), content, out);
    ++batch_.exemplars;
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
    if (sample.is_histogram) {
      ++batch_.histograms;
      AppendField(HistogramsTag(to_), sample.bytes, content);
    } else {
      content.append(sample.bytes);
    }
    const bool first = batch_.samples++ == 0;
    batch_.oldest_ms =
        first ? sample.timestamp_ms : std::min(batch_.oldest_ms, sample.timestamp_ms);
    batch_.newest_ms =
        first ? sample.timestamp_ms : std::max(batch_.newest_ms, sample.timestamp_ms);
  }
  for (size_t i = from; i < to; ++i) {
    if (!AppendExemplars(series.samples[i], content)) return false;
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
