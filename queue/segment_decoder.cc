#include "queue/segment_decoder.h"

#include <algorithm>

#include "queue/record_values.h"

namespace limpet {
namespace {

constexpr uint64_t kBroken = UINT64_MAX;  // no record has this number

}  // namespace

SegmentDecoder::Outcome SegmentDecoder::Decode(const Record& record) {
  ForgetClosed();
  const Outcome outcome = Scan(record);
  if (outcome != Outcome::kScrape || DecodeScanned(record.payload)) return outcome;
  return Outcome::kUndecodable;
}

SegmentDecoder::Outcome SegmentDecoder::Scan(const Record& record) {
  scanned_ = {};
  switch (record.type) {
    case RecordType::kChunk:
      return dictionary_.TakeChunk(record.payload) ? Outcome::kDictionary : Outcome::kUndecodable;
    case RecordType::kMetadata:
      return dictionary_.TakeMetadata(record.payload) ? Outcome::kDictionary
                                                      : Outcome::kUndecodable;
    case RecordType::kLayout:
      return dictionary_.TakeLayout(record.payload) ? Outcome::kDictionary : Outcome::kUndecodable;
    case RecordType::kTarget: {
      std::optional<TargetPayload> target = ParseTarget(record.payload);
      if (!target) return Outcome::kUndecodable;
      targets_[target->id] = pool_.Intern(std::move(target->labels), target->key);
      return Outcome::kDictionary;
    }
    case RecordType::kScrape:
      return ScanScrape(record.payload);
  }
  return Outcome::kDictionary;
}

SegmentDecoder::Outcome SegmentDecoder::ScanScrape(std::string_view payload) {
  ByteReader in(payload);
  const std::optional<ScrapeFront> front = TakeScrapeFront(in);
  if (!front) return Outcome::kUndecodable;
  scanned_.samples = front->samples;
  scanned_.timestamp_ms = created_ms_ + front->since_created_ms;
  if ((front->flags & kScrapeIsKey) != 0) {
    return ScanKey(*front, in) ? Outcome::kScrape : Outcome::kUndecodable;
  }
  const auto found = streams_.find(front->stream);
  if (found == streams_.end() || found->second.next_scanned != front->number) {
    return Outcome::kUndecodable;
  }
  ++found->second.next_scanned;
  scanned_.key = found->second.key;
  return Outcome::kScrape;
}

bool SegmentDecoder::ScanKey(const ScrapeFront& front, ByteReader& in) {
  const uint64_t target_id = in.Varint();
  const uint64_t layout_id = in.Varint();
  const uint64_t samples_before = in.Varint();
  if (!in.ok()) return false;
  scanned_.samples_before = samples_before;
  for (std::vector<uint64_t>* closed : {&closed_streams_, &closed_layouts_, &closed_targets_}) {
    if (!TakeIds(ids_, in)) return false;
    closed->insert(closed->end(), ids_.begin(), ids_.end());
  }
  const auto target = targets_.find(target_id);
  if (target == targets_.end() || dictionary_.Find(layout_id) == nullptr) return false;
  Stream& stream = streams_[front.stream];
  stream.key = target->second->key;
  stream.next_scanned = front.number + 1;
  scanned_.key = stream.key;
  return true;
}

void SegmentDecoder::ForgetClosed() {
  for (const uint64_t id : closed_streams_) streams_.erase(id);
  for (const uint64_t id : closed_layouts_) dictionary_.Forget(id);
  for (const uint64_t id : closed_targets_) targets_.erase(id);
  closed_streams_.clear();
  closed_layouts_.clear();
  closed_targets_.clear();
}

bool SegmentDecoder::DecodeScanned(std::string_view payload) {
  ByteReader in(payload);
  const std::optional<ScrapeFront> front = TakeScrapeFront(in);
  if (!front) return false;
  const auto found = streams_.find(front->stream);
  if (found == streams_.end()) return false;
  Stream& stream = found->second;
  const bool key = (front->flags & kScrapeIsKey) != 0;
  if (key ? !BeginKey(stream, in) : stream.next_decoded != front->number) return false;
  stream.next_decoded = kBroken;
  if (!DecodeSamples(*front, stream, in)) return false;
  stream.next_decoded = front->number + 1;
  return true;
}

bool SegmentDecoder::BeginKey(Stream& stream, ByteReader& in) {
  const auto target = targets_.find(in.Varint());
  auto layout = dictionary_.Find(in.Varint());
  (void)in.Varint();  // samples before it
  for (int list = 0; list < 3; ++list) {
    if (!TakeIds(ids_, in)) return false;
  }
  if (target == targets_.end() || layout == nullptr) return false;
  stream.target = target->second;
  stream.layout = std::move(layout);
  stream.previous.assign(stream.layout->size(), 0.0);
  stream.sections.reset();
  return true;
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
  if (!DecodeValues(front.samples, series_, stream.previous, in)) return false;

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
  return attachments_.Decode(front.flags, created_ms_, stream.sections, in, view_) && in.AtEnd();
}

}  // namespace limpet
