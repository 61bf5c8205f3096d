#include "queue/segment_decoder.h"

#include <algorithm>

#include "queue/record_values.h"

namespace limpet {

SegmentDecoder::Outcome SegmentDecoder::Decode(const Record& record) {
  lost_samples_ = 0;
  switch (record.type) {
    case RecordType::kLayout: {
      std::optional<LayoutPayload> layout = ParseLayout(record.payload);
      if (!layout) return Outcome::kUndecodable;
      layouts_[layout->id] = pool_.Intern(std::move(layout->block));
      return Outcome::kDictionary;
    }
    case RecordType::kTarget: {
      std::optional<TargetPayload> target = ParseTarget(record.payload);
      if (!target) return Outcome::kUndecodable;
      targets_[target->id] = pool_.Intern(std::move(target->labels));
      return Outcome::kDictionary;
    }
    case RecordType::kScrape:
      return DecodeScrape(record.payload);
  }
  return Outcome::kDictionary;
}

SegmentDecoder::Outcome SegmentDecoder::DecodeScrape(std::string_view payload) {
  ByteReader in(payload);
  const std::optional<ScrapeFront> front = TakeScrapeFront(in);
  if (!front) return Outcome::kUndecodable;
  lost_samples_ = front->samples;
  Stream* stream = nullptr;
  if ((front->flags & kScrapeIsKey) != 0) {
    stream = BeginKey(*front, in);
  } else if (const auto found = streams_.find(front->stream);
             found != streams_.end() && found->second.next_number == front->number) {
    stream = &found->second;
  }
  if (stream == nullptr) return Outcome::kUndecodable;
  if (!DecodeSamples(*front, *stream, in)) {
    streams_.erase(front->stream);
    return Outcome::kUndecodable;
  }
  stream->next_number = front->number + 1;
  lost_samples_ = 0;
  return Outcome::kScrape;
}

SegmentDecoder::Stream* SegmentDecoder::BeginKey(const ScrapeFront& front, ByteReader& in) {
  const uint64_t target_id = in.Varint();
  const uint64_t layout_id = in.Varint();
  if (!TakeIds(closed_, in)) return nullptr;
  for (const uint64_t id : closed_) streams_.erase(id);
  if (!TakeIds(closed_, in)) return nullptr;
  for (const uint64_t id : closed_) layouts_.erase(id);
  if (!TakeIds(closed_, in)) return nullptr;
  for (const uint64_t id : closed_) targets_.erase(id);
  const auto target = targets_.find(target_id);
  const auto layout = layouts_.find(layout_id);
  if (target == targets_.end() || layout == layouts_.end()) return nullptr;
  Stream& stream = streams_[front.stream];
  stream.target = target->second;
  stream.layout = layout->second;
  stream.previous.assign(stream.layout->size(), 0.0);
  return &stream;
}

bool SegmentDecoder::DecodeSamples(const ScrapeFront& front, Stream& stream, ByteReader& in) {
  const bool subset = (front.flags & kScrapeHasSubset) != 0;
  series_.clear();
  timestamps_.clear();
  if (subset ? !TakeRuns(front.samples, stream.previous.size(), series_, in)
             : front.samples != stream.previous.size()) {
    return false;
  }
  view_.timestamp_ms = created_ms_ + front.since_created_ms;
  if ((front.flags & kScrapeHasTimestamps) != 0 &&
      !TakeTimestamps(front.samples, view_.timestamp_ms, timestamps_, in)) {
    return false;
  }
  if (in.Byte() != kValueCodingDifferences) return false;
  if (!DecodeValues(front.samples, series_, stream.previous, in) || !in.AtEnd()) return false;

  view_.layout = stream.layout;
  view_.target = stream.target;
  view_.series = series_;
  view_.timestamps = timestamps_;
  view_.values = stream.previous;
  if (subset) {
    values_.resize(series_.size());
    std::transform(series_.begin(), series_.end(), values_.begin(),
                   [&](uint32_t i) { return stream.previous[i]; });
    view_.values = values_;
  }
  return true;
}

}  // namespace limpet
