#include "agent/scrape/converting_reader.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "agent/scrape/exposition_tokens.h"
#include "agent/scrape/line_match.h"
#include "agent/scrape/text_hash.h"

namespace limpet {
namespace {

constexpr uint64_t kMix = 0x9e3779b97f4a7c15;
// No text is as long, so a histogram is never taken for a line.
constexpr uint32_t kHistogramLength = UINT32_MAX;

// Takes what it is of a histogram off the name.
HistogramPart TakePart(std::string_view& name) {
  constexpr std::pair<std::string_view, HistogramPart> kSuffixes[] = {
      {"_bucket", HistogramPart::kBucket},
      {"_sum", HistogramPart::kSum},
      {"_count", HistogramPart::kCount}};
  for (const auto& [suffix, part] : kSuffixes) {
    if (!name.ends_with(suffix)) continue;
    name.remove_suffix(suffix.size());
    return part;
  }
  return HistogramPart::kNone;
}

std::string_view BaseName(std::string_view name) {
  (void)TakePart(name);
  return name;
}

}  // namespace

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
    const HistogramPart part = more_ ? PartOf(bound) : HistogramPart::kNone;
    if (part != HistogramPart::kNone) Collect(part, bound);
    PassGapOn();
    if (part == HistogramPart::kNone || keep_classic_) {
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

HistogramPart ConvertingReader::PartOf(double& bound) const {
  std::string_view name = sample_.name;
  const HistogramPart part = TakePart(name);
  if (sample_.type != MetricType::kHistogram || name != typed_name_) return HistogramPart::kNone;
  if (part != HistogramPart::kBucket) return part;
  for (const RawLabel& label : sample_.labels) {
    if (label.name != kBucketLabel) continue;
    const char* const end = label.value.data() + label.value.size();
    const bool good = ParseSampleValue(label.value.data(), end, bound) == end;
    return good && !std::isnan(bound) ? part : HistogramPart::kNone;
  }
  return HistogramPart::kNone;
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

void ConvertingReader::Collect(HistogramPart part, double bound) {
  if (!std::exchange(collecting_, true)) {
    classic_.Clear();
    exemplars_.clear();
    first_ = sample_;
    base_name_ = typed_name_;
    labels_hash_ = LabelsHash();
  }
  const double value = sample_.tail.value;
  if (part == HistogramPart::kBucket) {
    classic_.AddBucket(bound, value);
  } else if (part == HistogramPart::kSum) {
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
  return LineOfSample(sample_);
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
