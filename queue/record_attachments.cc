#include "queue/record_attachments.h"

#include <algorithm>
#include <bit>

#include "queue/record_payload.h"

namespace limpet {
namespace {

// Of an exemplar in its section, without its labels; of a histogram, without its message.
constexpr size_t kFieldBytesMax = 40;

void PutHistograms(std::span<const HistogramSample> histograms, std::string& out) {
  std::vector<uint32_t> places;
  places.reserve(histograms.size());
  for (const HistogramSample& histogram : histograms) places.push_back(histogram.place);
  PutVarint(places.size(), out);
  PutRuns(places, out);
  for (const HistogramSample& histogram : histograms) PutString(histogram.message, out);
}

void PutExemplars(std::span<const ExemplarSample> exemplars, int64_t created_ms, std::string& out) {
  PutVarint(exemplars.size(), out);
  uint32_t place = 0;
  for (const ExemplarSample& exemplar : exemplars) {
    PutVarint(exemplar.place - place, out);
    place = exemplar.place;
    PutString(exemplar.labels, out);
    PutFixed64(std::bit_cast<uint64_t>(exemplar.value), out);
    const uint64_t since_created_ms =
        static_cast<uint64_t>(exemplar.timestamp_ms) - static_cast<uint64_t>(created_ms);
    PutVarint(ZigZag(static_cast<int64_t>(since_created_ms)), out);
  }
}

void Keep(const std::string& section, std::string& before) {
  if (section.size() <= kSectionKeptMax) {
    before = section;
  } else {
    before = std::string();
  }
}

AttachmentSections& Sections(StreamSections& before) {
  if (before == nullptr) before = std::make_unique<AttachmentSections>();
  return *before;
}

}  // namespace

bool ConsistentAttachments(const ScrapeView& scrape) {
  size_t bytes = 0;
  uint64_t next = 0;
  for (const HistogramSample& histogram : scrape.histograms) {
    if (histogram.place < next || histogram.place >= scrape.values.size()) return false;
    next = uint64_t{histogram.place} + 1;
    bytes += histogram.message.size() + kFieldBytesMax;
    if (bytes > kSectionBytesMax) return false;
  }
  bytes = 0;
  uint32_t place = 0;
  for (const ExemplarSample& exemplar : scrape.exemplars) {
    if (exemplar.place < place || exemplar.place >= scrape.values.size() ||
        !IsEncodedLabels(exemplar.labels)) {
      return false;
    }
    place = exemplar.place;
    bytes += exemplar.labels.size() + kFieldBytesMax;
    if (bytes > kSectionBytesMax) return false;
  }
  return true;
}

void AttachmentEncoder::Encode(const ScrapeView& scrape, int64_t created_ms, StreamSections& before,
                               std::string& out) {
  if (!scrape.histograms.empty()) {
    section_.clear();
    PutHistograms(scrape.histograms, section_);
    Put(Sections(before).histograms, out);
  }
  if (!scrape.exemplars.empty()) {
    section_.clear();
    PutExemplars(scrape.exemplars, created_ms, section_);
    Put(Sections(before).exemplars, out);
  }
}

void AttachmentEncoder::Put(std::string& before, std::string& out) {
  writer_.Put(before, section_, out);
  Keep(section_, before);
}

bool AttachmentDecoder::Decode(uint8_t flags, int64_t created_ms, StreamSections& before,
                               ByteReader& in, ScrapeView& view) {
  view.histograms = {};
  view.exemplars = {};
  if ((flags & kScrapeHasHistograms) != 0) {
    if (!Take(Sections(before).histograms, histogram_section_, in) ||
        !ReadHistograms(view.values.size())) {
      return false;
    }
    view.histograms = histograms_;
  }
  if ((flags & kScrapeHasExemplars) != 0) {
    if (!Take(Sections(before).exemplars, exemplar_section_, in) ||
        !ReadExemplars(view.values.size(), created_ms)) {
      return false;
    }
    view.exemplars = exemplars_;
  }
  return true;
}

bool AttachmentDecoder::Take(std::string& before, std::string& section, ByteReader& in) {
  if (!TakeSection(before, section, in)) return false;
  Keep(section, before);
  return true;
}

bool AttachmentDecoder::ReadHistograms(size_t samples) {
  ByteReader in(histogram_section_);
  const uint64_t count = in.Varint();
  if (!in.ok() || count > std::min(samples, in.rest().size())) return false;
  if (!TakeRuns(count, samples, places_, in)) return false;
  histograms_.clear();
  for (const uint32_t place : places_) histograms_.push_back({place, in.String()});
  return in.AtEnd();
}

bool AttachmentDecoder::ReadExemplars(size_t samples, int64_t created_ms) {
  ByteReader in(exemplar_section_);
  const uint64_t count = in.Varint();
  if (!in.ok() || count > in.rest().size()) return false;
  exemplars_.clear();
  uint64_t place = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t further = in.Varint();
    if (further >= samples || (place += further) >= samples) return false;
    ExemplarSample& exemplar = exemplars_.emplace_back();
    exemplar.place = static_cast<uint32_t>(place);
    exemplar.labels = in.String();
    exemplar.value = std::bit_cast<double>(in.Fixed64());
    exemplar.timestamp_ms = static_cast<int64_t>(static_cast<uint64_t>(created_ms) +
                                                 static_cast<uint64_t>(UnZigZag(in.Varint())));
    if (!in.ok() || !IsEncodedLabels(exemplar.labels)) return false;
  }
  return in.AtEnd();
}

}  // namespace limpet
