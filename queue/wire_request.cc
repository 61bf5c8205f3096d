#include "queue/wire_request.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace limpet {
namespace {

static_assert(std::endian::native == std::endian::little, "doubles are copied as they are");

size_t SampleBytes(int64_t timestamp_ms) {
  return 1 + sizeof(double) + 1 + VarintSize(static_cast<uint64_t>(timestamp_ms));
}

}  // namespace

char* RequestBuilder::Begin(size_t label_bytes, int64_t timestamp_ms, const RequestLimits& limits) {
  const size_t size = label_bytes + 2 + SampleBytes(timestamp_ms);
  const size_t needed = 1 + VarintSize(size) + size;
  if (samples_ > 0 &&
      (samples_ >= limits.samples_max || message_.size() + needed > limits.bytes_max)) {
    no_room_ = true;
    return nullptr;
  }
  char* out = message_.Reserve(needed);
  *out++ = kWireTimeSeries;
  return WriteVarint(out, size);
}

void RequestBuilder::End(char* out, double value, int64_t timestamp_ms) {
  *out++ = kWireSamples;
  *out++ = static_cast<char>(SampleBytes(timestamp_ms));
  *out++ = kWireValue;
  std::memcpy(out, &value, sizeof(value));
  out += sizeof(value);
  *out++ = kWireTimestamp;
  message_.SetEnd(WriteVarint(out, static_cast<uint64_t>(timestamp_ms)));
  oldest_ms_ = samples_ == 0 ? timestamp_ms : std::min(oldest_ms_, timestamp_ms);
  newest_ms_ = samples_ == 0 ? timestamp_ms : std::max(newest_ms_, timestamp_ms);
  ++samples_;
}

bool RequestBuilder::AddSample(const InterleavePlan& plan, std::string_view inner, size_t series,
                               double value, int64_t timestamp_ms, const RequestLimits& limits) {
  char* out = Begin(plan.LabelBytes(series, inner.size(), outer_), timestamp_ms, limits);
  if (out == nullptr) return false;
  End(plan.WriteLabels(series, inner.data(), outer_, out), value, timestamp_ms);
  return true;
}

bool RequestBuilder::AddRelabelled(const ScrapeView& scrape, size_t series, double value,
                                   int64_t timestamp_ms, const RequestLimits& limits) {
  if (!relabel_.Apply(*scrape.layout, series, outer_, relabelled_)) {
    ++relabelled_away_;
    return true;
  }
  char* out = Begin(relabelled_.size(), timestamp_ms, limits);
  if (out == nullptr) return false;
  std::memcpy(out, relabelled_.data(), relabelled_.size());
  End(out + relabelled_.size(), value, timestamp_ms);
  return true;
}

size_t RequestBuilder::Add(const ScrapeView& scrape, size_t from, const RequestLimits& limits) {
  no_room_ = false;
  outer_.Set(scrape.target->labels, external_);
  const bool each_time = !relabel_.empty() && !relabel_.IndependentOf(outer_);
  const RelabeledLayout* relabelled =
      relabel_.empty() || each_time ? nullptr : &relabel_.Layout(scrape.layout);
  const SeriesBlock& block = relabelled != nullptr ? *relabelled->block : *scrape.layout;
  const InterleavePlan* plan = each_time ? nullptr : &memory_.plans.Get(block, outer_);
  for (size_t i = from; i < scrape.values.size(); ++i) {
    if (i - from >= limits.values_max) return i;
    size_t series = scrape.series.empty() ? i : scrape.series[i];
    const int64_t timestamp_ms =
        scrape.timestamps.empty() ? scrape.timestamp_ms : scrape.timestamps[i];
    if (timestamp_ms < limits.oldest_ms) {
      ++too_old_;
      continue;
    }
    if (each_time) {
      if (!AddRelabelled(scrape, series, scrape.values[i], timestamp_ms, limits)) return i;
      continue;
    }
    if (relabelled != nullptr) {
      series = relabelled->series[series];
      if (series == RelabeledLayout::kDropped) {
        ++relabelled_away_;
        continue;
      }
    }
    if (!AddSample(*plan, block.Encoded(series), series, scrape.values[i], timestamp_ms, limits)) {
      return i;
    }
  }
  return scrape.values.size();
}

Batch RequestBuilder::Seal() {
  Batch batch{CompressBlock(message_.view(), memory_.compressed), samples_, oldest_ms_, newest_ms_};
  message_.Clear();
  samples_ = 0;
  return batch;
}

}  // namespace limpet
