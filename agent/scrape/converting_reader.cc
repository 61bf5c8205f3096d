#include "agent/scrape/converting_reader.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "agent/scrape/exposition_tokens.h"
#include "agent/scrape/text_hash.h"

namespace limpet {
namespace {

constexpr uint64_t kMix = 0x9e3779b97f4a7c15;
// No text is as long, so a histogram is never taken for a line.
constexpr uint32_t kHistogramLength = UINT32_MAX;

constexpr std::string_view kBucketSuffix = "_bucket";
constexpr std::string_view kSumSuffix = "_sum";
constexpr std::string_view kCountSuffix = "_count";

bool TakeSuffix(std::string_view& name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return false;
  name.remove_suffix(suffix.size());
  return true;
}

std::string_view BaseName(std::string_view name) {
  (void)(TakeSuffix(name, kBucketSuffix) || TakeSuffix(name, kSumSuffix) ||
         TakeSuffix(name, kCountSuffix));
  return name;
}

}  // namespace

LayoutLine LineOfGap(const GapReading& gap, std::string_view text) {
  if (!gap.has_comments) {
    return {TextHash::Instance()(text), static_cast<uint32_t>(text.size()), LineSlot::Gap()};
  }
  GapReading again;
  again.wants_digest = true;
  const char* p = text.data();
  SkipGap(p, p + text.size(), again);
  return {again.digest, 0, LineSlot::CommentedGap()};
}

Result<bool> ConvertingReader::Next() {
  gap_ = {};
  gives_histogram_ = false;
  for (;;) {
    if (!std::exchange(held_, false)) {
      if (auto read = Read(); !read) return read.error();
      if (collecting_ && EndsHistogram(more_)) {
        collecting_ = false;
        held_ = GiveHistogram();
        if (held_) return true;
      }
    }
    double bound = 0;
    const Part part = more_ ? PartOf(bound) : Part::kNone;
    if (part != Part::kNone) Collect(part, bound);
    PassGapOn();
    if (part == Part::kNone || keep_classic_) {
      gap_ = std::exchange(passed_on_, {});
      return more_;
    }
  }
}

Result<bool> ConvertingReader::Read() {
  read_metadata_.clear();
  auto more = text_.Next(sample_);
  if (!more) return more;
  more_ = *more;
  read_gap_.present = !sample_.gap.empty();
  if (read_gap_.present) read_gap_.line = LineOfGap(text_.gap(), sample_.gap);
  read_gap_.metadata = read_metadata_;
  for (const MetadataLine& line : read_metadata_) {
    if (line.kind == MetadataLine::Kind::kType) typed_name_ = line.family;
  }
  return true;
}

void ConvertingReader::PassGapOn() {
  Gap gap = std::exchange(read_gap_, {});
  if (!gap.present) return;
  if (!passed_on_.present) {
    passed_on_ = std::move(gap);
    return;
  }
  passed_on_.line = {passed_on_.line.hash * kMix + gap.line.hash, 0, LineSlot::CommentedGap()};
  passed_on_.metadata.insert(passed_on_.metadata.end(), gap.metadata.begin(), gap.metadata.end());
}

ConvertingReader::Part ConvertingReader::PartOf(double& bound) const {
  if (sample_.type != MetricType::kHistogram) return Part::kNone;
  std::string_view name = sample_.name;
  Part part = Part::kNone;
  if (TakeSuffix(name, kBucketSuffix)) {
    part = Part::kBucket;
  } else if (TakeSuffix(name, kSumSuffix)) {
    part = Part::kSum;
  } else if (TakeSuffix(name, kCountSuffix)) {
    part = Part::kCount;
  }
  if (name != typed_name_ || part != Part::kBucket) return name == typed_name_ ? part : Part::kNone;
  for (const RawLabel& label : sample_.labels) {
    if (label.name != kBucketLabel) continue;
    const char* const end = label.value.data() + label.value.size();
    const bool good = ParseSampleValue(label.value.data(), end, bound) == end;
    return good && !std::isnan(bound) ? part : Part::kNone;
  }
  return Part::kNone;
}

uint64_t ConvertingReader::LabelsHash() const {
  const TextHash& hash = TextHash::Instance();
  uint64_t sum = hash(BaseName(sample_.name));
  for (const RawLabel& label : sample_.labels) {
    if (label.name == kBucketLabel) continue;
    const uint64_t one = (hash(label.name) ^ (hash(label.value) * kMix)) * kMix;
    sum += one ^ (one >> 32);  // whatever their order
  }
  return sum;
}

bool ConvertingReader::EndsHistogram(bool more) const {
  const GapReading& gap = text_.gap();
  return !more || gap.has_comments || gap.has_metadata || sample_.type != MetricType::kHistogram ||
         BaseName(sample_.name) != base_name_ || LabelsHash() != labels_hash_;
}

void ConvertingReader::Collect(Part part, double bound) {
  if (!std::exchange(collecting_, true)) {
    classic_.Clear();
    exemplars_.clear();
    first_ = sample_;
    base_name_ = typed_name_;
    labels_hash_ = LabelsHash();
  }
  const double value = sample_.tail.value;
  if (part == Part::kBucket) {
    classic_.AddBucket(bound, value);
  } else if (part == Part::kSum) {
    classic_.SetSum(value);
  } else {
    classic_.SetCount(value);
  }
  if (sample_.has_exemplar && sample_.exemplar.has_timestamp) {
    exemplars_.push_back(sample_.exemplar);
  }
}

bool ConvertingReader::GiveHistogram() {
  if (classic_.Convert(native_) != nullptr) return false;
  tail_ = first_.tail;
  tail_.value = native_.sum;
  gap_ = std::exchange(passed_on_, {});
  gives_histogram_ = true;
  return true;
}

LayoutLine ConvertingReader::Line() const {
  if (gives_histogram_) {
    return {labels_hash_, kHistogramLength,
            LineSlot::Sample(tail_.has_timestamp, MetricType::kUnknown)};
  }
  const std::string_view series = sample_.series;
  return {TextHash::Instance()(series), static_cast<uint32_t>(series.size()),
          LineSlot::Sample(sample_.tail.has_timestamp, sample_.type)};
}

std::span<const RawExemplar> ConvertingReader::exemplars() const {
  if (gives_histogram_) return exemplars_;
  return {&sample_.exemplar, sample_.has_exemplar ? 1u : 0u};
}

Result<void> ConvertingReader::DecodeLabels(std::vector<Label>& labels) const {
  if (!gives_histogram_) return limpet::DecodeLabels(sample_, labels);
  Result<void> decoded = limpet::DecodeLabels(first_, labels);
  std::erase_if(labels, [](const Label& label) { return label.name == kBucketLabel; });
  for (Label& label : labels) {
    if (label.name == "__name__") label.value = BaseName(label.value);
  }
  return decoded;
}

}  // namespace limpet
