#include "queue/wire_attachments.h"

#include <algorithm>
#include <cstring>

#include "queue/wire_v2.h"

namespace limpet {
namespace {

// Wire types of protobuf.
constexpr uint64_t kVarintType = 0;
constexpr uint64_t kFixed64Type = 1;
constexpr uint64_t kDelimitedType = 2;
constexpr uint64_t kFixed32Type = 5;

constexpr uint64_t kSchemaField = 4;
constexpr uint64_t kCustomBucketsSchema = 105;  // -53, zigzag

// Around a histogram's message, and around an exemplar's labels.
constexpr size_t kSampleFieldsMax = 3 * kVarintBytesMax;
constexpr size_t kExemplarFieldsMax = 4 * kVarintBytesMax;

void AppendHistogram(const AttachedSample& sample, bool v2, std::string& out) {
  const auto timestamp = static_cast<uint64_t>(sample.sample.timestamp_ms);
  out.push_back(v2 ? kWireHistogramsV2 : kWireHistograms);
  AppendVarint(1 + VarintSize(timestamp) + sample.histogram.size(), out);
  out.push_back(kWireHistogramTimestamp);
  AppendVarint(timestamp, out);
  out.append(sample.histogram);
}

// The value of a field that is no varint, off the front.
bool SkipValue(std::string_view& bytes, uint64_t type) {
  std::string_view skipped;
  if (type == kDelimitedType) return ReadDelimited(bytes, skipped);
  const size_t size = type == kFixed64Type ? 8 : 4;
  if ((type != kFixed64Type && type != kFixed32Type) || bytes.size() < size) return false;
  bytes.remove_prefix(size);
  return true;
}

bool SameExemplar(const ExemplarSample* a, const ExemplarSample* b) {
  return a->timestamp_ms == b->timestamp_ms && a->labels == b->labels &&
         std::bit_cast<uint64_t>(a->value) == std::bit_cast<uint64_t>(b->value);
}

}  // namespace

bool HasCustomBuckets(std::string_view histogram) {
  while (!histogram.empty()) {
    uint64_t tag = 0;
    uint64_t value = 0;
    if (!ReadVarint(histogram, tag)) return false;
    if ((tag & 7) != kVarintType) {
      if (!SkipValue(histogram, tag & 7)) return false;
      continue;
    }
    if (!ReadVarint(histogram, value)) return false;
    if (tag >> 3 == kSchemaField) return value == kCustomBucketsSchema;
  }
  return false;
}

bool RunAttachments::HasRoomFor(const ScrapeView& scrape) const {
  if (bytes_ == 0) return true;
  size_t bytes = bytes_;
  for (const HistogramSample& histogram : scrape.histograms) bytes += histogram.message.size();
  for (const ExemplarSample& exemplar : scrape.exemplars) {
    bytes += sizeof(exemplar) + exemplar.labels.size();
  }
  return bytes <= kBytesMax;
}

void RunAttachments::Add(size_t row, const ScrapeView& scrape) {
  if (scrape.histograms.empty() && scrape.exemplars.empty()) return;
  if (has_.empty()) has_.resize(scrape.layout->size());
  const auto mark = [&](uint32_t place) {
    has_[scrape.series.empty() ? place : scrape.series[place]] = true;
  };
  size_t bytes = 0;
  for (const HistogramSample& histogram : scrape.histograms) bytes += histogram.message.size();
  for (const ExemplarSample& exemplar : scrape.exemplars) bytes += exemplar.labels.size();
  Row added{row, std::make_unique_for_overwrite<char[]>(bytes), {}, {}};
  char* out = added.bytes.get();
  const auto copy = [&](std::string_view text) {
    if (!text.empty()) std::memcpy(out, text.data(), text.size());
    out += text.size();
    return std::string_view(out - text.size(), text.size());
  };
  added.histograms.reserve(scrape.histograms.size());
  for (const HistogramSample& histogram : scrape.histograms) {
    mark(histogram.place);
    added.histograms.push_back({histogram.place, copy(histogram.message)});
  }
  added.exemplars.reserve(scrape.exemplars.size());
  for (const ExemplarSample& exemplar : scrape.exemplars) {
    mark(exemplar.place);
    added.exemplars.push_back(exemplar);
    added.exemplars.back().labels = copy(exemplar.labels);
  }
  bytes_ += bytes + scrape.exemplars.size() * sizeof(ExemplarSample);
  rows_.push_back(std::move(added));
}

void RunAttachments::Attach(size_t row, size_t place, AttachedSample& sample) const {
  const auto found = std::lower_bound(rows_.begin(), rows_.end(), row,
                                      [](const Row& a, size_t b) { return a.row < b; });
  if (found == rows_.end() || found->row != row) return;
  const auto before = [](const auto& a, size_t b) { return a.place < b; };
  const auto histogram =
      std::lower_bound(found->histograms.begin(), found->histograms.end(), place, before);
  if (histogram != found->histograms.end() && histogram->place == place) {
    sample.is_histogram = true;
    sample.histogram = histogram->message;
  }
  const auto first =
      std::lower_bound(found->exemplars.begin(), found->exemplars.end(), place, before);
  auto last = first;
  while (last != found->exemplars.end() && last->place == place) ++last;
  sample.exemplars = {first, last};
}

void RunAttachments::Clear() {
  rows_.clear();
  has_.clear();
  bytes_ = 0;
}

size_t AttachedContent::BytesMaxOf(const AttachedSample& sample, bool with_exemplars) {
  size_t bytes = sample.histogram.size() + kSampleFieldsMax;
  if (!with_exemplars) return bytes;
  for (const ExemplarSample& exemplar : sample.exemplars) {
    // A label takes at least six bytes around its strings, as symbols at most four and two
    // references.
    bytes += 3 * exemplar.labels.size() + kExemplarFieldsMax;
  }
  return bytes;
}

AttachedContent::AttachedContent(std::span<const AttachedSample> samples, bool with_exemplars)
    : samples_(samples) {
  for (const AttachedSample& sample : samples) {
    bytes_max_ += BytesMaxOf(sample, with_exemplars);
    if (!with_exemplars) continue;
    for (const ExemplarSample& exemplar : sample.exemplars) exemplars_.push_back(&exemplar);
  }
  std::stable_sort(exemplars_.begin(), exemplars_.end(),
                   [](const ExemplarSample* a, const ExemplarSample* b) {
                     return a->timestamp_ms < b->timestamp_ms;
                   });
  exemplars_.erase(std::unique(exemplars_.begin(), exemplars_.end(), SameExemplar),
                   exemplars_.end());
}

size_t AttachedContent::Prepare(MessageV2* message) {
  for (const AttachedSample& sample : samples_) {
    if (sample.is_histogram) {
      AppendHistogram(sample, message != nullptr, encoded_);
      continue;
    }
    char bytes[2 + 2 + sizeof(double) + kVarintBytesMax];
    encoded_.append(bytes, static_cast<size_t>(WriteSample(bytes, sample.sample) - bytes));
  }
  for (const ExemplarSample* exemplar : exemplars_) AppendExemplar(*exemplar, message);
  return encoded_.size();
}

void AttachedContent::AppendExemplar(const ExemplarSample& exemplar, MessageV2* message) {
  std::string labels;
  std::string_view rest = exemplar.labels;
  std::string_view name;
  std::string_view value;
  while (NextEncodedLabel(rest, name, value)) {
    if (value.empty()) continue;
    if (message == nullptr) {
      AppendLabel(name, value, labels);
    } else {
      AppendVarint(message->Number(name), labels);
      AppendVarint(message->Number(value), labels);
    }
  }
  std::string content;
  if (message == nullptr) {
    content = std::move(labels);
  } else if (!labels.empty()) {
    AppendField(kWireExemplarLabels, labels, content);
  }
  if (std::bit_cast<uint64_t>(exemplar.value) != 0) {
    content.push_back(kWireExemplarValue);
    content.append(reinterpret_cast<const char*>(&exemplar.value), sizeof(exemplar.value));
  }
  content.push_back(kWireExemplarTimestamp);
  AppendVarint(static_cast<uint64_t>(exemplar.timestamp_ms), content);
  AppendField(message == nullptr ? kWireExemplars : kWireExemplarsV2, content, encoded_);
}

char* AttachedContent::Write(char* out) const {
  std::memcpy(out, encoded_.data(), encoded_.size());
  return out + encoded_.size();
}

}  // namespace limpet
