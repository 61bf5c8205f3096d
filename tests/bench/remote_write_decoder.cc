#include "tests/bench/remote_write_decoder.h"

#include <cstring>

namespace limpet {
namespace {

// io.prometheus.write.v2.Metadata.MetricType ends with METRIC_TYPE_STATESET.
constexpr uint64_t kMetricTypeMax = 7;

std::string Quoted(std::string_view text) { return "\"" + std::string(text.substr(0, 80)) + "\""; }

}  // namespace

struct RemoteWriteDecoder::Field {
  uint32_t number = 0;
  uint32_t wire_type = 0;  // 0: varint, 1: 8 bytes, 2: bytes, 5: 4 bytes
  uint64_t integer = 0;    // of a varint and of 8 bytes
  std::string_view bytes;  // of bytes
};

class RemoteWriteDecoder::Reader {
 public:
  explicit Reader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  // False at the end, and where the bytes are no protobuf: broken() tells.
  bool Next(Field& field) {
    if (at_ == end_ || broken_) return false;
    uint64_t tag = 0;
    if (!Varint(tag) || tag >> 3 == 0 || tag >> 32 != 0) return Broken();
    field.number = static_cast<uint32_t>(tag >> 3);
    field.wire_type = tag & 7;
    if (field.wire_type == 0) return Varint(field.integer) || Broken();
    if (field.wire_type == 1) return Fixed64(field.integer) || Broken();
    if (field.wire_type != 2) return Broken();
    uint64_t size = 0;
    if (!Varint(size) || size > static_cast<uint64_t>(end_ - at_)) return Broken();
    field.bytes = {at_, size};
    at_ += size;
    return true;
  }

  bool Varint(uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  bool AtEnd() const { return at_ == end_; }
  bool broken() const { return broken_; }

 private:
  bool Fixed64(uint64_t& value) {
    if (end_ - at_ < 8) return false;
    std::memcpy(&value, at_, 8);
    at_ += 8;
    return true;
  }
  bool Broken() {
    broken_ = true;
    return false;
  }

  const char* at_;
  const char* end_;
  bool broken_ = false;
};

RemoteWriteDecoder::Offence RemoteWriteDecoder::EachSeries(
    RemoteWriteVersion version, std::string_view request,
    const std::function<Offence(std::string_view)>& take) {
  counts_ = {};
  symbols_.clear();
  series_bytes_.clear();
  const uint32_t series_field = version == RemoteWriteVersion::k1 ? 1 : 5;
  Reader reader(request);
  for (Field field; reader.Next(field);) {
    if (field.number == series_field && field.wire_type == 2) {
      series_bytes_.push_back(field.bytes);
    } else if (version == RemoteWriteVersion::k2 && field.number == 4 && field.wire_type == 2) {
      symbols_.push_back(field.bytes);
    } else if (version == RemoteWriteVersion::k2 || field.number != 3) {  // 1.0 may have metadata
      return "the request has no field " + std::to_string(field.number) + " of that type";
    }
  }
  if (reader.broken()) return "the request is cut off or no protobuf";
  if (version == RemoteWriteVersion::k2 && !symbols_.empty() && !symbols_[0].empty()) {
    return "the first symbol is " + Quoted(symbols_[0]) + ", not empty";
  }
  for (const std::string_view bytes : series_bytes_) {
    if (Offence offence = take(bytes)) return offence;
    ++counts_.series;
  }
  return std::nullopt;
}

RemoteWriteDecoder::Offence RemoteWriteDecoder::Count(RemoteWriteVersion version,
                                                      std::string_view request) {
  return EachSeries(version, request, [&](std::string_view bytes) -> Offence {
    Reader reader(bytes);
    for (Field field; reader.Next(field);) {
      if (field.number == 2) ++counts_.samples;
      const bool v1 = version == RemoteWriteVersion::k1;
      if (field.number == (v1 ? 4 : 3)) ++counts_.histograms;
      if (field.number == (v1 ? 3 : 4)) ++counts_.exemplars;
      if (!v1 && field.number == 5 && !field.bytes.empty()) ++counts_.metadata;
    }
    if (reader.broken()) return "a series is cut off or no protobuf";
    return std::nullopt;
  });
}

RemoteWriteDecoder::Offence RemoteWriteDecoder::Strict(RemoteWriteVersion version,
                                                       std::string_view request,
                                                       const OnSeries& on_series) {
  const auto read = [&](std::string_view bytes) -> Offence {
    series_.labels.clear();
    series_.samples.clear();
    series_.histograms = series_.exemplars = series_.type = 0;
    series_.help = series_.unit = {};
    Offence offence = version == RemoteWriteVersion::k1 ? Series1(bytes) : Series2(bytes);
    return offence ? offence : CheckSeries();
  };
  if (Offence offence = EachSeries(version, request, [&](std::string_view bytes) -> Offence {
        if (Offence one = read(bytes)) return one;
        counts_.samples += series_.samples.size();
        counts_.histograms += series_.histograms;
        counts_.exemplars += series_.exemplars;
        counts_.metadata += series_.type != 0 || !series_.help.empty() || !series_.unit.empty();
        return std::nullopt;
      })) {
    return offence;
  }
  for (const std::string_view bytes : series_bytes_) {
    read(bytes);
    on_series(series_);
  }
  return std::nullopt;
}

RemoteWriteDecoder::Offence RemoteWriteDecoder::Series1(std::string_view bytes) {
  Reader reader(bytes);
  for (Field field; reader.Next(field);) {
    Offence offence;
    if (field.number == 1 && field.wire_type == 2) {
      offence = LabelPair(field.bytes);
    } else if (field.number == 2 && field.wire_type == 2) {
      offence = Sample(field.bytes, RemoteWriteVersion::k1);
    } else if (field.number == 3 && field.wire_type == 2) {
      offence = Exemplar(field.bytes, RemoteWriteVersion::k1);
    } else if (field.number == 4 && field.wire_type == 2) {
      offence = Histogram(field.bytes, RemoteWriteVersion::k1);
    } else {
      offence = "a series of 1.0 has no field " + std::to_string(field.number);
    }
    if (offence) return offence;
  }
  if (reader.broken()) return "a series is cut off or no protobuf";
  return std::nullopt;
}

RemoteWriteDecoder::Offence RemoteWriteDecoder::Series2(std::string_view bytes) {
  Reader reader(bytes);
  for (Field field; reader.Next(field);) {
    Offence offence;
    if (field.wire_type != 2) return "a series has field " + std::to_string(field.number) + " bare";
    switch (field.number) {
      case 1:
        offence = References(field.bytes);
        break;
      case 2:
        offence = Sample(field.bytes, RemoteWriteVersion::k2);
        break;
      case 3:
        offence = Histogram(field.bytes, RemoteWriteVersion::k2);
        break;
      case 4:
        offence = Exemplar(field.bytes, RemoteWriteVersion::k2);
        break;
      case 5:
        offence = Metadata(field.bytes);
        break;
      default:
        offence = "a series of 2.0 has no field " + std::to_string(field.number);
    }
    if (offence) return offence;
  }
  if (reader.broken()) return "a series is cut off or no protobuf";
  return std::nullopt;
}

RemoteWriteDecoder::Offence RemoteWriteDecoder::Sample(std::string_view bytes,
                                                       RemoteWriteVersion version) {
  DecodedSample sample;
  Reader reader(bytes);
  for (Field field; reader.Next(field);) {
    if (field.number == 1 && field.wire_type == 1) {
      std::memcpy(&sample.value, &field.integer, sizeof sample.value);
    } else if (field.number == 2 && field.wire_type == 0) {
      sample.timestamp_ms = static_cast<int64_t>(field.integer);
    } else if (field.number == 3 && field.wire_type == 0 && version == RemoteWriteVersion::k2) {
      sample.start_timestamp_ms = static_cast<int64_t>(field.integer);
    } else {
      return "a sample has no field " + std::to_string(field.number) + " of that type";
    }
  }
  if (reader.broken()) return "a sample is cut off or no protobuf";
  series_.samples.push_back(sample);
  return std::nullopt;
}

RemoteWriteDecoder::Offence RemoteWriteDecoder::LabelPair(std::string_view bytes) {
  std::pair<std::string_view, std::string_view> label;
  Reader reader(bytes);
  for (Field field; reader.Next(field);) {
    if (field.wire_type != 2 || field.number > 2) return "a label has a field it should not have";
    (field.number == 1 ? label.first : label.second) = field.bytes;
  }
  if (reader.broken()) return "a label is cut off or no protobuf";
  series_.labels.push_back(label);
  return std::nullopt;
}

RemoteWriteDecoder::Offence RemoteWriteDecoder::Symbol(uint64_t reference,
                                                       std::string_view& text) const {
  if (reference >= symbols_.size()) {
    return "symbol " + std::to_string(reference) + " of " + std::to_string(symbols_.size());
  }
  text = symbols_[reference];
  return std::nullopt;
}

RemoteWriteDecoder::Offence RemoteWriteDecoder::References(std::string_view bytes) {
  Reader reader(bytes);
  while (!reader.AtEnd()) {
    uint64_t name = 0;
    uint64_t value = 0;
    if (!reader.Varint(name) || !reader.Varint(value)) return "label references are not in pairs";
    std::pair<std::string_view, std::string_view> label;
    if (Offence offence = Symbol(name, label.first)) return offence;
    if (Offence offence = Symbol(value, label.second)) return offence;
    series_.labels.push_back(label);
  }
  return std::nullopt;
}

RemoteWriteDecoder::Offence RemoteWriteDecoder::SpanLengths(std::string_view bytes,
                                                            uint64_t& length) const {
  Reader reader(bytes);
  for (Field field; reader.Next(field);) {
    if (field.number > 2 || field.wire_type != 0) return "a span has a field it should not have";
    if (field.number == 2) length += field.integer;
  }
  if (reader.broken()) return "a span is cut off or no protobuf";
  return std::nullopt;
}

RemoteWriteDecoder::Offence RemoteWriteDecoder::Histogram(std::string_view bytes,
                                                          RemoteWriteVersion version) {
  constexpr uint64_t kCustomBuckets = 105;  // -53, zigzag
  std::optional<int64_t> timestamp_ms;
  uint64_t spans = 0;
  uint64_t buckets = 0;
  Reader reader(bytes);
  for (Field field; reader.Next(field);) {
    const bool v1 = version == RemoteWriteVersion::k1;
    if (field.number > (v1 ? 16 : 17)) return "a histogram has a field it should not have";
    if (field.number == 15) timestamp_ms = static_cast<int64_t>(field.integer);
    if (field.number == 4 && field.integer == kCustomBuckets && v1) {
      return "a histogram of 1.0 with custom buckets";
    }
    if ((field.number == 8 || field.number == 11) && field.wire_type == 2) {
      if (Offence offence = SpanLengths(field.bytes, spans)) return offence;
    } else if (field.number >= 9 && field.number <= 13 && field.wire_type != 2) {
      ++buckets;  // not packed
    } else if (field.number == 9 || field.number == 12) {
      Reader deltas(field.bytes);
      for (uint64_t delta = 0; !deltas.AtEnd(); ++buckets) {
        if (!deltas.Varint(delta)) return "a histogram's deltas are cut off";
      }
    } else if (field.number == 10 || field.number == 13) {
      buckets += field.bytes.size() / sizeof(double);
    }
  }
  if (reader.broken()) return "a histogram is cut off or no protobuf";
  if (spans != buckets) {
    return "a histogram has " + std::to_string(buckets) + " buckets in spans of " +
           std::to_string(spans);
  }
  if (!timestamp_ms) return "a histogram has no timestamp";
  if (series_.histograms > 0 && *timestamp_ms <= histogram_ms_) {
    return "histograms of one series that do not ascend in time";
  }
  histogram_ms_ = *timestamp_ms;
  ++series_.histograms;
  return std::nullopt;
}

RemoteWriteDecoder::Offence RemoteWriteDecoder::Exemplar(std::string_view bytes,
                                                         RemoteWriteVersion version) {
  bool timed = false;
  Reader reader(bytes);
  for (Field field; reader.Next(field);) {
    const bool right = (field.number == 1 && field.wire_type == 2) ||
                       (field.number == 2 && field.wire_type == 1) ||
                       (field.number == 3 && field.wire_type == 0);
    if (!right) return "an exemplar has no field " + std::to_string(field.number) + " of that type";
    if (field.number == 3) timed = field.integer != 0;
    if (field.number != 1) continue;
    if (version == RemoteWriteVersion::k1) {
      const size_t labels = series_.labels.size();
      if (Offence offence = LabelPair(field.bytes)) return offence;
      series_.labels.resize(labels);  // they are the exemplar's
      continue;
    }
    Reader references(field.bytes);
    while (!references.AtEnd()) {
      uint64_t reference = 0;
      std::string_view text;
      if (!references.Varint(reference)) return "an exemplar's references are cut off";
      if (Offence offence = Symbol(reference, text)) return offence;
    }
  }
  if (reader.broken()) return "an exemplar is cut off or no protobuf";
  if (!timed) return "an exemplar has no timestamp";
  ++series_.exemplars;
  return std::nullopt;
}

RemoteWriteDecoder::Offence RemoteWriteDecoder::Metadata(std::string_view bytes) {
  Reader reader(bytes);
  for (Field field; reader.Next(field);) {
    Offence offence;
    if (field.wire_type != 0) return "metadata has field " + std::to_string(field.number);
    if (field.number == 1) {
      series_.type = field.integer;
      if (field.integer > kMetricTypeMax) offence = "metric type " + std::to_string(field.integer);
    } else if (field.number == 3) {
      offence = Symbol(field.integer, series_.help);
    } else if (field.number == 4) {
      offence = Symbol(field.integer, series_.unit);
    } else {
      offence = "metadata has no field " + std::to_string(field.number);
    }
    if (offence) return offence;
  }
  if (reader.broken()) return "metadata is cut off or no protobuf";
  return std::nullopt;
}

RemoteWriteDecoder::Offence RemoteWriteDecoder::CheckSeries() const {
  bool named = false;
  std::string_view before;
  for (const auto& [name, value] : series_.labels) {
    if (name.empty() || value.empty())
      return "an empty label: " + Quoted(name) + "=" + Quoted(value);
    if (name == before) return "label " + Quoted(name) + " twice";
    if (name < before) return "label " + Quoted(name) + " behind " + Quoted(before);
    named |= name == "__name__";
    before = name;
  }
  if (!named) return "a series without a name";
  if (series_.samples.empty() == (series_.histograms == 0)) {
    return series_.samples.empty() ? "a series with neither samples nor histograms"
                                   : "a series with samples and histograms";
  }
  for (size_t i = 1; i < series_.samples.size(); ++i) {
    if (series_.samples[i].timestamp_ms <= series_.samples[i - 1].timestamp_ms) {
      return "samples of one series that do not ascend in time";
    }
  }
  return std::nullopt;
}

}  // namespace limpet
