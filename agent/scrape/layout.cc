#include "agent/scrape/layout.h"

#include "agent/scrape/openmetrics_parser.h"
#include "agent/scrape/page_gap.h"
#include "agent/scrape/sample_value.h"
#include "agent/scrape/text_hash.h"

namespace limpet {
namespace {

bool StartsGap(char c) { return c == '#' || c == '\n' || IsBlank(c); }

// Moves `p` over the gap.
bool MatchGap(const TextHash& hash, const LayoutLine& line, bool is_last, const char*& p,
              const char* end) {
  if (line.slot.is_commented()) {
    GapReading gap;
    gap.wants_digest = true;
    return SkipGap(p, end, gap) == nullptr && gap.digest == line.hash;
  }
  const auto left = static_cast<size_t>(end - p);
  // What is behind the last sample may be an unfinished line, which more bytes would change.
  const bool fits = is_last ? left == line.length : left >= line.length;
  if (!fits || hash(p, line.length) != line.hash) return false;
  p += line.length;
  return true;
}

bool StartsWith(const TextHash& hash, const LayoutLine& line, const char* p, const char* end) {
  return static_cast<size_t>(end - p) > line.length && hash(p, line.length) == line.hash;
}

// The same with a gap before it that the layout does not have: good if it says nothing.
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
  if (has_timestamps()) out.timestamps.resize(parts_.block->size(), PageValues::kNoTimestamp);
}

bool Layout::Match(const Page& page, PageValues& out) const {
  if (page.format != parts_.format) return false;
  Prepare(out);
  return page.format == PageFormat::kOpenMetricsText ? MatchOpenMetrics(page.text, out)
                                                     : MatchPrometheus(page.text, out);
}

bool Layout::MatchPrometheus(std::string_view page, PageValues& out) const {
  const TextHash& hash = TextHash::Instance();
  const bool keep_timestamps = has_timestamps();
  double* values = out.values.data();
  const char* p = page.data();
  const char* end = p + page.size();
  const LayoutLine* last = parts_.lines.empty() ? nullptr : &parts_.lines.back();
  for (const LayoutLine& line : parts_.lines) {
    if (line.slot.is_gap()) {
      if (!MatchGap(hash, line, &line == last, p, end)) return false;
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
      out.timestamps[line.slot.series()] = tail.timestamp_ms;
    }
  }
  GapReading gap;
  return SkipGap(p, end, gap) == nullptr && p == end && !gap.has_metadata;
}

// All of its gaps are known by their text, and the last one has the "# EOF".
bool Layout::MatchOpenMetrics(std::string_view page, PageValues& out) const {
  const TextHash& hash = TextHash::Instance();
  const char* p = page.data();
  const char* end = p + page.size();
  const LayoutLine* last = parts_.lines.empty() ? nullptr : &parts_.lines.back();
  for (const LayoutLine& line : parts_.lines) {
    if (line.slot.is_gap()) {
      if (!MatchGap(hash, line, &line == last, p, end)) return false;
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
    const uint32_t series = line.slot.series();
    out.values[series] = tail.value;
    if (has_timestamps() && tail.has_timestamp) out.timestamps[series] = tail.timestamp_ms;
    if (has_exemplar) out.exemplars.push_back({series, exemplar});
  }
  return p == end && last != nullptr;
}

size_t Layout::bytes() const {
  return sizeof(*this) + parts_.lines.capacity() * sizeof(LayoutLine) +
         parts_.block->encoded().size() + parts_.block->size() * sizeof(uint32_t) +
         parts_.block->metadata().size() * sizeof(uint16_t) + parts_.own_timestamp.size() / 8;
}

}  // namespace limpet
