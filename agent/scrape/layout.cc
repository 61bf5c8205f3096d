#include "agent/scrape/layout.h"

#include "agent/scrape/converting_reader.h"
#include "agent/scrape/line_match.h"
#include "agent/scrape/openmetrics_parser.h"
#include "agent/scrape/page_gap.h"
#include "agent/scrape/protobuf_reader.h"
#include "agent/scrape/sample_value.h"
#include "agent/scrape/text_hash.h"

namespace limpet {
namespace {

constexpr size_t kBucketsKept = 64 * 1024;

// StartsWith with a gap before it that the layout does not have: good if it says nothing.
bool StartsWithBehindGap(const TextHash& hash, const LayoutLine& line, const char*& p,
                         const char* end) {
  if (p == end || !StartsGap(*p)) return false;
  GapReading gap;
  return SkipGap(p, end, gap) == nullptr && !gap.has_metadata && StartsWith(hash, line, p, end);
}

}  // namespace

void Layout::Prepare(PageValues& out) const {
  out.values.resize(parts_.block->size());
  out.timestamps.clear();
  out.exemplars.clear();
  out.histograms.Clear();
  if (out.metric.buckets.capacity() > kBucketsKept) out.metric = ProtobufMetric();
  if (has_timestamps()) out.timestamps.resize(parts_.block->size(), PageValues::kNoTimestamp);
}

bool Layout::Match(const Page& page, PageValues& out) const {
  if (page.format != parts_.format) return false;
  Prepare(out);
  if (MustConvert(page, parts_.histograms)) return MatchConverted(page, out);
  switch (page.format) {
    case PageFormat::kProtobuf:
      return MatchProtobuf(page.text, out);
    case PageFormat::kOpenMetricsText:
      return MatchOpenMetrics(page.text, out);
    default:
      return MatchPrometheus(page.text, out);
  }
}

Result<void> Layout::Read(const Page& page, PageValues& out) const {
  if (Match(page, out)) return {};
  return Error{out.histograms.fault()};
}

bool Layout::MatchPrometheus(std::string_view page, PageValues& out) const {
  const char* p = page.data();
  const char* end = p + page.size();
  for (const PlacedPiece& piece : parts_.pieces) {
    if (!MatchPrometheus(piece, p, end, out)) return false;
  }
  GapReading gap;
  return SkipGap(p, end, gap) == nullptr && p == end && !gap.has_metadata;
}

bool Layout::MatchPrometheus(const PlacedPiece& piece, const char*& p, const char* end,
                             PageValues& out) const {
  const TextHash& hash = TextHash::Instance();
  const bool keep_timestamps = has_timestamps();
  double* values = out.values.data() + piece.first_series;
  for (const LayoutLine& line : piece.piece->lines) {
    if (line.slot.is_gap()) {
      if (!MatchGap(hash, line, IsLast(line), p, end)) return false;
      continue;
    }
    if (!StartsWith(hash, line, p, end) && !StartsWithBehindGap(hash, line, p, end)) return false;
    p += line.length;
    SampleTail tail;
    if (ParseSampleTail(p, end, tail) != TailError::kNone) return false;
    if (tail.has_timestamp != line.slot.has_timestamp()) return false;
    if (!line.slot.is_series()) continue;
    values[line.slot.series()] = tail.value;
    if (keep_timestamps && tail.has_timestamp) {
      out.timestamps[piece.first_series + line.slot.series()] = tail.timestamp_ms;
    }
  }
  return true;
}

// All of its gaps are known by their text, and the last one has the "# EOF".
bool Layout::MatchOpenMetrics(std::string_view page, PageValues& out) const {
  const char* p = page.data();
  const char* end = p + page.size();
  for (const PlacedPiece& piece : parts_.pieces) {
    if (!MatchOpenMetrics(piece, p, end, out)) return false;
  }
  return p == end && !parts_.pieces.empty();
}

bool Layout::MatchOpenMetrics(const PlacedPiece& piece, const char*& p, const char* end,
                              PageValues& out) const {
  const TextHash& hash = TextHash::Instance();
  for (const LayoutLine& line : piece.piece->lines) {
    if (line.slot.is_gap()) {
      if (!MatchGap(hash, line, IsLast(line), p, end)) return false;
      continue;
    }
    if (!StartsWith(hash, line, p, end)) return false;
    p += line.length;
    SampleTail tail;
    RawExemplar exemplar;
    bool has_exemplar = false;
    if (ParseOpenMetricsTail(p, end, tail, exemplar, has_exemplar) != nullptr) return false;
    if (tail.has_timestamp != line.slot.has_timestamp()) return false;
    if (!line.slot.is_series()) continue;
    const uint32_t series = piece.first_series + line.slot.series();
    out.values[series] = tail.value;
    if (has_timestamps() && tail.has_timestamp) out.timestamps[series] = tail.timestamp_ms;
    if (has_exemplar) out.AddExemplar(series, exemplar);
  }
  return true;
}

bool Layout::MatchProtobuf(std::string_view page, PageValues& out) const {
  ProtobufReader reader(page, parts_.histograms, out.metric);
  ProtobufSample sample;
  const char* wrong = nullptr;
  bool begins_family = false;
  for (const PlacedPiece& piece : parts_.pieces) {
    for (const LayoutLine& line : piece.piece->lines) {
      if (line.slot.is_gap()) {
        if (!reader.Next(sample, wrong) || !sample.begins_family) return false;
        if (reader.family().hash != line.hash) return false;
        begins_family = true;
        continue;
      }
      if (!begins_family && (!reader.Next(sample, wrong) || sample.begins_family)) return false;
      begins_family = false;
      if (sample.identity != line.hash || static_cast<uint32_t>(sample.part) != line.length ||
          sample.tail.has_timestamp != line.slot.has_timestamp()) {
        return false;
      }
      if (!line.slot.is_series()) continue;
      const uint32_t series = piece.first_series + line.slot.series();
      out.values[series] = sample.tail.value;
      if (has_timestamps() && sample.tail.has_timestamp) {
        out.timestamps[series] = sample.tail.timestamp_ms;
      }
      for (const RawExemplar& exemplar : sample.exemplars) out.AddExemplar(series, exemplar);
      if (sample.part == ProtobufSample::Part::kNativeHistogram &&
          out.histograms.Add(series, reader.histogram(), parts_.histograms) !=
              HistogramFault::kNone) {
        return false;
      }
    }
  }
  return !reader.Next(sample, wrong) && wrong == nullptr;
}

bool Layout::MatchConverted(const Page& page, PageValues& out) const {
  ConvertingReader reader(page, parts_.histograms.always_classic);
  bool behind_gap = false;  // whose sample has not been looked at
  bool more = true;
  const auto next = [&] {
    const Result<bool> read = reader.Next();
    more = read && *read;
    return read.has_value();
  };
  for (const PlacedPiece& piece : parts_.pieces) {
    for (const LayoutLine& line : piece.piece->lines) {
      if (line.slot.is_gap()) {
        if (behind_gap || !next() || !reader.has_gap() || !SameLine(reader.GapLine(), line))
          return false;
        behind_gap = true;
        continue;
      }
      if (!behind_gap && (!next() || reader.has_gap())) return false;
      behind_gap = false;
      if (!more || !SameLine(reader.Line(), line)) return false;
      if (!line.slot.is_series()) continue;
      const uint32_t series = piece.first_series + line.slot.series();
      out.values[series] = reader.tail().value;
      if (has_timestamps() && reader.tail().has_timestamp) {
        out.timestamps[series] = reader.tail().timestamp_ms;
      }
      for (const RawExemplar& exemplar : reader.exemplars()) out.AddExemplar(series, exemplar);
      if (reader.histogram() != nullptr &&
          out.histograms.Add(series, *reader.histogram(), parts_.histograms) !=
              HistogramFault::kNone) {
        return false;
      }
    }
  }
  // Behind the last gap there is nothing.
  return behind_gap ? !more : next() && !more && !reader.has_gap();
}

size_t Layout::bytes() const {
  return sizeof(*this) + parts_.pieces.capacity() * sizeof(PlacedPiece) +
         parts_.block->memory_bytes() + parts_.own_timestamp.size() / 8 +
         parts_.first_of_same.capacity() * sizeof(uint32_t);
}

}  // namespace limpet
