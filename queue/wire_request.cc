#include "queue/wire_request.h"

#include <algorithm>
#include <cstring>

namespace limpet {
namespace {

// Samples with nothing but their values.
class PlainContent {
 public:
  explicit PlainContent(std::span<const WireSample> samples)
      : samples_(samples), bytes_(SamplesBytes(samples)) {}
  size_t BytesMax() const { return bytes_; }
  size_t Prepare(MessageV2* /*message*/) const { return bytes_; }
  char* Write(char* out) const {
    for (const WireSample& sample : samples_) out = WriteSample(out, sample);
    return out;
  }

 private:
  std::span<const WireSample> samples_;
  size_t bytes_;
};

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

template <typename Content>
inline bool RequestBuilder::WriteSeries(const Source& source, size_t series, Content& content,
                                        const RequestLimits& limits) {
  const std::string_view inner = source.block->Encoded(series);
  if (protocol_ == WireProtocol::kV2) {
    const size_t label_bytes = inner.size() + outer_.bytes();
    if (NoRoom(message_v2_.SeriesBytesMax(series, label_bytes, content.BytesMax()), limits))
      return false;
    const size_t bytes = content.Prepare(&message_v2_);
    message_v2_.EndSeries(content.Write(message_v2_.BeginSeries(series, bytes)));
    return true;
  }
  const size_t label_bytes = source.plan->LabelBytes(series, inner.size(), outer_);
  const size_t bytes_max = label_bytes + content.BytesMax();
  if (NoRoom(1 + VarintSize(bytes_max) + bytes_max, limits)) return false;
  char* out = BeginSeries(label_bytes + content.Prepare(nullptr));
  out = source.plan->WriteLabels(series, inner.data(), outer_, out);
  message_.SetEnd(content.Write(out));
  return true;
}

template <typename Content>
bool RequestBuilder::WriteRelabelled(size_t series, Content& content, const RequestLimits& limits) {
  const size_t label_bytes = relabelled_.size();
  if (protocol_ == WireProtocol::kV2) {
    if (NoRoom(message_v2_.SeriesBytesMax(series, label_bytes, content.BytesMax()), limits))
      return false;
    const size_t bytes = content.Prepare(&message_v2_);
    message_v2_.EndSeries(content.Write(message_v2_.BeginSeries(series, relabelled_, bytes)));
    return true;
  }
  const size_t bytes_max = label_bytes + content.BytesMax();
  if (NoRoom(1 + VarintSize(bytes_max) + bytes_max, limits)) return false;
  char* out = BeginSeries(label_bytes + content.Prepare(nullptr));
  std::memcpy(out, relabelled_.data(), label_bytes);
  message_.SetEnd(content.Write(out + label_bytes));
  return true;
}

template <typename Content>
inline RequestBuilder::Added RequestBuilder::AddSeries(const Source& source, size_t series,
                                                       Content& content,
                                                       const RequestLimits& limits) {
  bool written = false;
  if (source.plan == nullptr) {
    if (!relabel_.Apply(*source.block, series, outer_, relabelled_)) return Added::kDropped;
    written = WriteRelabelled(series, content, limits);
  } else {
    if (source.relabelled != nullptr) {
      series = source.relabelled->series[series];
      if (series == RelabeledLayout::kDropped) return Added::kDropped;
    }
    written = WriteSeries(source, series, content, limits);
  }
  return written ? Added::kYes : Added::kNoRoom;
}

inline void RequestBuilder::CountAdded(uint64_t samples, int64_t oldest_ms, int64_t newest_ms) {
  oldest_ms_ = samples_ == 0 ? oldest_ms : std::min(oldest_ms_, oldest_ms);
  newest_ms_ = samples_ == 0 ? newest_ms : std::max(newest_ms_, newest_ms);
  ++series_;
  samples_ += samples;
}

RequestBuilder::Source RequestBuilder::Begin(const ScrapeRun& run) {
  if (samples_ == 0) {
    protocol_ = next_protocol_;
    contents_ = next_contents_;
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
    if (run.HasAttachments(i)) {
      if (!AddAttached(source, run, i, limits)) return i;
      continue;
    }
    std::span<const WireSample> samples = TakeSamples(run, i, limits.oldest_ms);
    if (samples.empty()) {
      CountOf(LeftOut::kTooOld).samples += too_old_of_series_;
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
    PlainContent content(samples);
    const Added added = AddSeries(source, i, content, limits);
    if (added == Added::kNoRoom) return i;
    CountOf(LeftOut::kTooOld).samples += too_old_of_series_;
    if (added == Added::kDropped) {
      CountOf(LeftOut::kRelabelled).samples += all;
      continue;
    }
    CountAdded(samples.size(), samples.front().timestamp_ms, samples.back().timestamp_ms);
    if (samples.size() < all) {
      split_ = {run.id(), i, static_cast<size_t>(&samples.back() + 1 - samples_of_series_)};
      no_room_ = true;
      return i;
    }
    split_.run = 0;
  }
  return end;
}

std::optional<LeftOut> RequestBuilder::WhyNot(const AttachedSample& sample,
                                              const RequestLimits& limits) const {
  if (sample.sample.timestamp_ms < limits.oldest_ms) return LeftOut::kTooOld;
  if (!sample.is_histogram) return std::nullopt;
  if (!contents_.histograms) return LeftOut::kHistogramsNotEnabled;
  if (!contents_.custom_buckets && HasCustomBuckets(sample.histogram)) {
    return LeftOut::kCustomBuckets;
  }
  return std::nullopt;
}

void RequestBuilder::CountLeftOut(LeftOut reason, const AttachedSample& sample) {
  WireCounts& count = CountOf(reason);
  ++count.samples;
  if (sample.is_histogram) ++count.histograms;
  count.exemplars += sample.exemplars.size();
}

size_t RequestBuilder::StretchOf(std::span<const AttachedSample> samples,
                                 const RequestLimits& limits) const {
  const uint64_t samples_max = std::max<uint64_t>(limits.samples_max, 1);
  if (samples_ >= samples_max) return 0;
  const uint64_t room = samples_max - samples_;
  size_t bytes = 0;
  size_t end = 0;
  for (; end < samples.size() && end < room; ++end) {
    const AttachedSample& sample = samples[end];
    if (sample.is_histogram != samples.front().is_histogram || WhyNot(sample, limits)) break;
    bytes += AttachedContent::BytesMaxOf(sample, contents_.exemplars);
    if (end > 0 && bytes > limits.bytes_max / 2) break;
  }
  return end;
}

RequestBuilder::Added RequestBuilder::AddStretch(const Source& source, size_t series,
                                                 std::span<const AttachedSample> stretch,
                                                 const RequestLimits& limits) {
  AttachedContent content(stretch, contents_.exemplars);
  const Added added = AddSeries(source, series, content, limits);
  if (added != Added::kYes) return added;
  CountAdded(stretch.size(), stretch.front().sample.timestamp_ms,
             stretch.back().sample.timestamp_ms);
  if (stretch.front().is_histogram) histograms_ += stretch.size();
  exemplars_ += content.exemplars();
  if (contents_.exemplars) return added;
  for (const AttachedSample& sample : stretch) {
    CountOf(LeftOut::kExemplarsNotEnabled).exemplars += sample.exemplars.size();
  }
  return added;
}

bool RequestBuilder::AddAttached(const Source& source, const ScrapeRun& run, size_t series,
                                 const RequestLimits& limits) {
  attached_of_series_.resize(ScrapeRun::kRowsMax);
  const size_t count = run.AttachedSamples(series, attached_of_series_.data());
  values_looked_at_ += count;
  const std::span<const AttachedSample> samples(attached_of_series_.data(), count);
  size_t next = split_.run == run.id() && split_.series == series ? split_.samples : 0;
  while (next < count) {
    if (const auto reason = WhyNot(samples[next], limits)) {
      CountLeftOut(*reason, samples[next++]);
      continue;
    }
    const size_t stretch = StretchOf(samples.subspan(next), limits);
    const Added added = stretch == 0
                            ? Added::kNoRoom
                            : AddStretch(source, series, samples.subspan(next, stretch), limits);
    if (added == Added::kNoRoom) {
      split_ = {run.id(), series, next};
      no_room_ = true;
      return false;
    }
    if (added == Added::kDropped) {
      for (; next < count; ++next) CountLeftOut(LeftOut::kRelabelled, samples[next]);
      break;
    }
    next += stretch;
  }
  split_.run = 0;
  return true;
}

Batch RequestBuilder::Seal() {
  Batch batch;
  batch.protocol = protocol_;
  batch.body = protocol_ == WireProtocol::kV1
                   ? CompressBlock(message_.view(), {}, memory_.compressed)
                   : CompressBlock(message_v2_.symbols(), message_v2_.series(), memory_.compressed);
  batch.series = series_;
  batch.samples = samples_;
  batch.histograms = histograms_;
  batch.exemplars = exemplars_;
  batch.oldest_ms = oldest_ms_;
  batch.newest_ms = newest_ms_;
  message_.Clear();
  message_v2_.Clear();
  series_ = 0;
  samples_ = 0;
  histograms_ = 0;
  exemplars_ = 0;
  return batch;
}

void RequestBuilder::Release() {
  message_.Release();
  message_v2_.Release();
}

}  // namespace limpet
