#include "agent/scrape/layout.h"

#include "agent/scrape/text_hash.h"

namespace limpet {
namespace {

bool StartsGap(char c) { return c == '#' || c == '\n' || IsBlank(c); }

// Moves `p` over the gap: by its hash, or where that differs by reading it.
bool MatchGap(const TextHash& hash, const LayoutLine& line, bool is_last, const char*& p,
              const char* end, MetricType& type) {
  const auto left = static_cast<size_t>(end - p);
  // What is behind the last sample may be an unfinished line, which more bytes would change.
  const bool fits = is_last ? left == line.length : left >= line.length;
  if (fits && hash(p, line.length) == line.hash) {
    p += line.length;
    type = line.slot.type_behind();
    return true;
  }
  return SkipGap(p, end, type) == nullptr && type == line.slot.type_behind();
}

bool StartsWith(const TextHash& hash, const LayoutLine& line, const char* p, const char* end) {
  return static_cast<size_t>(end - p) > line.length && hash(p, line.length) == line.hash;
}

// The same with a comment before it that the layout does not have: good if it changes no type.
bool StartsWithBehindGap(const TextHash& hash, const LayoutLine& line, const char*& p,
                         const char* end, MetricType type) {
  if (p == end || !StartsGap(*p)) return false;
  MetricType type_behind = type;
  return SkipGap(p, end, type_behind) == nullptr && type_behind == type &&
         StartsWith(hash, line, p, end);
}

}  // namespace

void Layout::Prepare(PageValues& out) const {
  out.values.resize(parts_.block->size());
  out.timestamps.clear();
  if (has_timestamps()) out.timestamps.resize(parts_.block->size(), PageValues::kNoTimestamp);
}

bool Layout::Match(std::string_view page, PageValues& out) const {
  Prepare(out);
  const TextHash& hash = TextHash::Instance();
  const bool keep_timestamps = has_timestamps();
  double* values = out.values.data();
  const char* p = page.data();
  const char* end = p + page.size();
  MetricType type = MetricType::kUnknown;
  const LayoutLine* last = parts_.lines.empty() ? nullptr : &parts_.lines.back();
  for (const LayoutLine& line : parts_.lines) {
    if (line.slot.is_gap()) {
      if (!MatchGap(hash, line, &line == last, p, end, type)) return false;
      continue;
    }
    if (!StartsWith(hash, line, p, end) && !StartsWithBehindGap(hash, line, p, end, type)) {
      return false;
    }
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
  return SkipGap(p, end, type) == nullptr && p == end;
}

size_t Layout::bytes() const {
  return sizeof(*this) + parts_.lines.capacity() * sizeof(LayoutLine) +
         parts_.block->encoded().size() + parts_.block->size() * sizeof(uint32_t) +
         parts_.own_timestamp.size() / 8;
}

}  // namespace limpet
