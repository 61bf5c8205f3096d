#include "agent/scrape/page_reader.h"

#include "agent/scrape/error_excerpt.h"
#include "agent/scrape/text_hash.h"

namespace limpet {

PageReader::PageReader(const Page& page, const HistogramSettings& settings)
    : is_protobuf_(page.format == PageFormat::kProtobuf),
      text_(page),
      protobuf_(page.text, settings, metric_) {
  text_.CollectMetadata(metadata_);
}

Result<bool> PageReader::Next() {
  metadata_.clear();
  if (!is_protobuf_) return text_.Next(text_sample_);
  const char* wrong = nullptr;
  sample_ = ProtobufSample();
  if (!protobuf_.Next(sample_, wrong)) {
    if (wrong != nullptr) return protobuf_.Fail(wrong);
    return false;
  }
  if (sample_.begins_family) {
    if (auto good = protobuf_.CheckFamily(); !good) return good.error();
    protobuf_.AppendMetadata(metadata_);
  }
  return true;
}

LayoutLine PageReader::GapLine() const {
  if (is_protobuf_) return {protobuf_.family().hash, 0, LineSlot::Gap()};
  const std::string_view gap = text_sample_.gap;
  if (!text_.gap().has_comments) {
    return {TextHash::Instance()(gap), static_cast<uint32_t>(gap.size()), LineSlot::Gap()};
  }
  GapReading again;
  again.wants_digest = true;
  const char* p = gap.data();
  SkipGap(p, p + gap.size(), again);
  return {again.digest, 0, LineSlot::CommentedGap()};
}

LayoutLine PageReader::Line() const {
  const LineSlot slot = LineSlot::Dropped(tail().has_timestamp);
  if (is_protobuf_) return {sample_.identity, static_cast<uint32_t>(sample_.part), slot};
  const std::string_view series = text_sample_.series;
  return {TextHash::Instance()(series), static_cast<uint32_t>(series.size()), slot};
}

std::span<const RawExemplar> PageReader::exemplars() const {
  if (is_protobuf_) return sample_.exemplars;
  return {&text_sample_.exemplar, text_sample_.has_exemplar ? 1u : 0u};
}

const NativeHistogram* PageReader::histogram() const {
  const bool native = is_protobuf_ && sample_.part == ProtobufSample::Part::kNativeHistogram;
  return native ? &protobuf_.histogram() : nullptr;
}

Result<void> PageReader::DecodeLabels(std::vector<Label>& labels) const {
  return is_protobuf_ ? protobuf_.DecodeLabels(sample_, labels)
                      : limpet::DecodeLabels(text_sample_, labels);
}

std::string PageReader::Excerpt() const {
  return QuotedExcerpt(is_protobuf_ ? protobuf_.family().name : text_sample_.series);
}

}  // namespace limpet
