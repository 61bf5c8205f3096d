#include "queue/segment_encoder.h"

#include <algorithm>

#include "queue/record.h"
#include "queue/record_payload.h"
#include "queue/record_values.h"

namespace limpet {
namespace {

bool Consistent(const ScrapeView& scrape) {
  if (scrape.layout == nullptr || scrape.target == nullptr) return false;
  const size_t series = scrape.layout->size();
  if (series > kSeriesMax) return false;
  if (!scrape.timestamps.empty() && scrape.timestamps.size() != scrape.values.size()) return false;
  if (!ConsistentAttachments(scrape)) return false;
  if (scrape.series.empty()) return scrape.values.size() == series;
  if (scrape.series.size() != scrape.values.size() || scrape.series.back() >= series) return false;
  return std::adjacent_find(scrape.series.begin(), scrape.series.end(), std::greater_equal<>()) ==
         scrape.series.end();
}

}  // namespace

bool SegmentEncoder::Encode(const ScrapeView& scrape, std::string& out) {
  opened_stream_ = false;
  if (!Consistent(scrape)) return false;
  const StreamPlace stream = FindOrOpen(scrape, out);
  if (stream == streams_.end()) return false;
  const bool key = stream->number % kRecordsPerKey == 0;
  if (key) {
    std::fill(stream->previous.begin(), stream->previous.end(), 0.0);
    stream->sections.reset();
  }

  const size_t begin = BeginRecord(RecordType::kScrape, out);
  ScrapeFront front;
  if (key) front.flags |= kScrapeIsKey;
  if (!scrape.series.empty()) front.flags |= kScrapeHasSubset;
  if (!scrape.timestamps.empty()) front.flags |= kScrapeHasTimestamps;
  if (!scrape.histograms.empty()) front.flags |= kScrapeHasHistograms;
  if (!scrape.exemplars.empty()) front.flags |= kScrapeHasExemplars;
  front.samples = scrape.values.size();
  front.since_created_ms = scrape.timestamp_ms - created_ms_;
  front.stream = stream->id;
  front.number = stream->number++;
  PutScrapeFront(front, out);
  if (key) PutKeyFields(*stream, out);
  PutRuns(scrape.series, out);
  PutTimestamps(scrape.timestamps, scrape.timestamp_ms, out);
  out.push_back(static_cast<char>(kValueCodingDifferences));
  EncodeValues(scrape.values, scrape.series, stream->previous, out);
  attachments_.Encode(scrape, created_ms_, stream->sections, out);
  EndRecord(begin, out);
  stream->last_ms = scrape.timestamp_ms;
  samples_ += scrape.values.size();
  return true;
}

SegmentEncoder::StreamPlace SegmentEncoder::FindOrOpen(const ScrapeView& scrape, std::string& out) {
  const auto known = targets_.find(scrape.target->id);
  if (known != targets_.end()) {
    std::vector<StreamPlace>& streams = known->second.streams;
    for (size_t i = 0; i < streams.size(); ++i) {
      if (streams[i]->layout != scrape.layout->id()) continue;
      if (i > 0) {
        Rest(*streams.front());
        Resume(*streams[i]);
      }
      std::rotate(streams.begin(), streams.begin() + i, streams.begin() + i + 1);
      streams_.splice(streams_.end(), streams_, streams.front());
      return streams.front();
    }
  }
  CloseQuietStreams(scrape.timestamp_ms, scrape.target->id);

  std::string dictionary;
  const auto [layout, new_layout] = layouts_.try_emplace(scrape.layout->id());
  if (new_layout) {
    layout->second.id = written_.Put(*scrape.layout, next_id_, dictionary);
    if (layout->second.id == 0) {
      layouts_.erase(layout);
      return streams_.end();
    }
  }
  const auto [target, new_target] = targets_.try_emplace(scrape.target->id);
  if (new_target) {
    target->second.id = next_id_++;
    PutTargetRecord(target->second.id, *scrape.target, dictionary);
  }
  ++layout->second.streams;
  opened_stream_ = true;
  out.append(dictionary);
  return Open(scrape, target->second);
}

SegmentEncoder::StreamPlace SegmentEncoder::Open(const ScrapeView& scrape, Target& target) {
  Stream stream;
  stream.id = next_id_++;
  stream.target = scrape.target->id;
  stream.layout = scrape.layout->id();
  stream.last_ms = scrape.timestamp_ms;
  stream.series = scrape.layout->size();
  stream.previous.resize(stream.series);
  if (!target.streams.empty()) Rest(*target.streams.front());
  const StreamPlace place = streams_.insert(streams_.end(), std::move(stream));
  target.streams.insert(target.streams.begin(), place);
  if (target.streams.size() > kStreamsPerTargetMax) Close(target.streams.back());
  return place;
}

// A page whose series change at every scrape leaves a stream behind each time.
void SegmentEncoder::Rest(Stream& stream) {
  std::vector<double> zeros(stream.series);
  EncodeValues(stream.previous, {}, zeros, stream.rested);
  stream.rested.shrink_to_fit();
  stream.previous = {};
}

void SegmentEncoder::Resume(Stream& stream) {
  stream.previous.assign(stream.series, 0.0);
  ByteReader in(stream.rested);
  (void)DecodeValues(stream.series, {}, stream.previous, in);
  stream.rested = {};
}

void SegmentEncoder::CloseQuietStreams(int64_t now_ms, uint64_t but_target) {
  // Two for each new one is enough to keep up with any churn.
  for (int i = 0; i < 2 && !streams_.empty(); ++i) {
    const Stream& quietest = streams_.front();
    if (quietest.target == but_target || now_ms - quietest.last_ms < kQuietMs) return;
    Close(streams_.begin());
  }
}

void SegmentEncoder::Close(StreamPlace stream) {
  closed_streams_.push_back(stream->id);
  const auto layout = layouts_.find(stream->layout);
  if (--layout->second.streams == 0) {
    closed_layouts_.push_back(layout->second.id);
    written_.Forget(stream->layout);
    layouts_.erase(layout);
  }
  const auto target = targets_.find(stream->target);
  std::erase(target->second.streams, stream);
  if (target->second.streams.empty()) {
    closed_targets_.push_back(target->second.id);
    targets_.erase(target);
  }
  streams_.erase(stream);
}

void SegmentEncoder::PutKeyFields(const Stream& stream, std::string& out) {
  PutVarint(targets_.at(stream.target).id, out);
  PutVarint(layouts_.at(stream.layout).id, out);
  PutVarint(samples_, out);
  for (std::vector<uint64_t>* closed : {&closed_streams_, &closed_layouts_, &closed_targets_}) {
    PutIds(*closed, out);
    closed->clear();
  }
}

}  // namespace limpet
