#include "queue/wire_request.h"

#include <algorithm>
#include <cstring>

namespace limpet {
namespace {

char* WriteSamples(char* out, std::span<const WireSample> samples) {
  for (const WireSample& sample : samples) out = WriteSample(out, sample);
  return out;
}

}  // namespace

inline bool RequestBuilder::NoRoom(size_t bytes, const RequestLimits& limits) {
  no_room_ = samples_ > 0 && message_bytes() + bytes > limits.bytes_max;
  return no_room_;
}

inline char* RequestBuilder::BeginSeries(size_t bytes) {
  char* out = message_.Reserve(1 + VarintSize(bytes) + bytes);
  *out++ = kWireTimeSeries;
  return WriteVarint(out, bytes);
}

inline bool RequestBuilder::WriteSeries(const Source& source, size_t series,
                                        std::span<const WireSample> samples,
                                        const RequestLimits& limits) {
  const size_t content_bytes = SamplesBytes(samples);
  const std::string_view inner = source.block->Encoded(series);
  if (protocol_ == WireProtocol::kV2) {
    const size_t label_bytes = inner.size() + outer_.bytes();
    if (NoRoom(message_v2_.SeriesBytesMax(series, label_bytes, content_bytes), limits))
      return false;
    message_v2_.EndSeries(WriteSamples(message_v2_.BeginSeries(series, content_bytes), samples));
    return true;
  }
  const size_t bytes = source.plan->LabelBytes(series, inner.size(), outer_) + content_bytes;
  if (NoRoom(1 + VarintSize(bytes) + bytes, limits)) return false;
  char* out = source.plan->WriteLabels(series, inner.data(), outer_, BeginSeries(bytes));
  message_.SetEnd(WriteSamples(out, samples));
  return true;
}

bool RequestBuilder::WriteRelabelled(size_t series, std::span<const WireSample> samples,
                                     const RequestLimits& limits) {
  const size_t content_bytes = SamplesBytes(samples);
  const size_t label_bytes = relabelled_.size();
  if (protocol_ == WireProtocol::kV2) {
    if (NoRoom(message_v2_.SeriesBytesMax(series, label_bytes, content_bytes), limits))
      return false;
    char* out = message_v2_.BeginSeries(series, relabelled_, content_bytes);
    message_v2_.EndSeries(WriteSamples(out, samples));
    return true;
  }
  const size_t bytes = label_bytes + content_bytes;
  if (NoRoom(1 + VarintSize(bytes) + bytes, limits)) return false;
  char* out = BeginSeries(bytes);
  std::memcpy(out, relabelled_.data(), label_bytes);
  message_.SetEnd(WriteSamples(out + label_bytes, samples));
  return true;
}

inline RequestBuilder::Added RequestBuilder::AddSeries(const Source& source, size_t series,
                                                       std::span<const WireSample> samples,
                                                       const RequestLimits& limits) {
  bool written = false;
  if (source.plan == nullptr) {
    if (!relabel_.Apply(*source.block, series, outer_, relabelled_)) return Added::kDropped;
    written = WriteRelabelled(series, samples, limits);
  } else {
    if (source.relabelled != nullptr) {
      series = source.relabelled->series[series];
      if (series == RelabeledLayout::kDropped) return Added::kDropped;
    }
    written = WriteSeries(source, series, samples, limits);
  }
  if (!written) return Added::kNoRoom;
  const auto [oldest, newest] =
      std::pair(samples.front().timestamp_ms, samples.back().timestamp_ms);
  oldest_ms_ = samples_ == 0 ? oldest : std::min(oldest_ms_, oldest);
  newest_ms_ = samples_ == 0 ? newest : std::max(newest_ms_, newest);
  ++series_;
  samples_ += samples.size();
  return Added::kYes;
}

RequestBuilder::Source RequestBuilder::Begin(const ScrapeRun& run) {
  if (samples_ == 0) {
    protocol_ = next_protocol_;
    // Of series that then found no room or were dropped.
    message_v2_.Clear();
  }
  outer_.Set(run.target()->labels, external_);
  Source source;
  source.block = run.layout().get();
  const bool each_time = !relabel_.empty() && !relabel_.IndependentOf(outer_);
  if (!each_time && !relabel_.empty()) {
    source.relabelled = &relabel_.Layout(run.layout());
    source.block = source.relabelled->block.get();
  }
  const bool v2 = protocol_ == WireProtocol::kV2;
  if (each_time) {
    if (v2) message_v2_.Begin(*source.block);
    return source;
  }
  source.plan = &memory_.plans.Get(
      *source.block, outer_, v2 ? InterleavePlan::Unit::kLabels : InterleavePlan::Unit::kBytes);
  if (v2) {
    message_v2_.Begin(*source.block, memory_.layouts.Get(*source.block), *source.plan, outer_);
  }
  return source;
}

inline std::span<const WireSample> RequestBuilder::TakeSamples(const ScrapeRun& run, size_t series,
                                                               int64_t oldest_ms) {
  const size_t count = run.Samples(series, samples_of_series_);
  values_looked_at_ += count;
  std::span<const WireSample> samples(samples_of_series_, count);
  if (split_.run == run.id() && split_.series == series) samples = samples.subspan(split_.samples);
  too_old_of_series_ = 0;
  while (!samples.empty() && samples.front().timestamp_ms < oldest_ms) {
    samples = samples.subspan(1);
    ++too_old_of_series_;
  }
  return samples;
}

size_t RequestBuilder::Add(const ScrapeRun& run, size_t from_series, const RequestLimits& limits) {
  no_room_ = false;
  values_looked_at_ = 0;
  if (run.empty()) return 0;
  const Source source = Begin(run);
  const size_t end = run.series_end();
  for (size_t i = run.NextSeries(from_series); i < end; i = run.NextSeries(i + 1)) {
    if (values_looked_at_ >= limits.values_max) return i;
    std::span<const WireSample> samples = TakeSamples(run, i, limits.oldest_ms);
    if (samples.empty()) {
      too_old_ += too_old_of_series_;
      continue;
    }
    const size_t all = samples.size();
    if (samples_ + samples.size() > limits.samples_max) {
      if (samples_ > 0) {
        no_room_ = true;
        return i;
      }
      samples = samples.first(std::max<uint64_t>(limits.samples_max, 1));
    }
    const Added added = AddSeries(source, i, samples, limits);
    if (added == Added::kNoRoom) return i;
    too_old_ += too_old_of_series_;
    if (added == Added::kDropped) {
      relabelled_away_ += all;
    } else if (samples.size() < all) {
      split_ = {run.id(), i, static_cast<size_t>(&samples.back() + 1 - samples_of_series_)};
      no_room_ = true;
      return i;
    } else {
      split_.run = 0;
    }
  }
  return end;
}

Batch RequestBuilder::Seal() {
  Batch batch;
  batch.protocol = protocol_;
  batch.body = protocol_ == WireProtocol::kV1
                   ? CompressBlock(message_.view(), {}, memory_.compressed)
                   : CompressBlock(message_v2_.symbols(), message_v2_.series(), memory_.compressed);
  batch.series = series_;
  batch.samples = samples_;
  batch.oldest_ms = oldest_ms_;
  batch.newest_ms = newest_ms_;
  message_.Clear();
  message_v2_.Clear();
  series_ = 0;
  samples_ = 0;
  return batch;
}

void RequestBuilder::Release() {
  message_.Release();
  message_v2_.Release();
}

}  // namespace limpet
