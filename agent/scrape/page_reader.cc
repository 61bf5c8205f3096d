#include "agent/scrape/page_reader.h"

#include "agent/scrape/error_excerpt.h"
#include "agent/scrape/text_hash.h"

namespace limpet {

PageReader::PageReader(const Page& page, const HistogramSettings& settings)
    : is_protobuf_(page.format == PageFormat::kProtobuf),
      text_(page),
      protobuf_(page.text, settings, metric_) {
  text_.CollectMetadata(metadata_);
  if (MustConvert(page, settings)) {
    converting_ = std::make_unique<ConvertingReader>(page, settings.always_classic);
  }
}

Result<bool> PageReader::Next() {
  if (converting_) return converting_->Next();
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

bool PageReader::has_gap() const {
  if (converting_) return converting_->has_gap();
  return is_protobuf_ ? sample_.begins_family : !text_sample_.gap.empty();
}

LayoutLine PageReader::GapLine() const {
  if (converting_) return converting_->GapLine();
  if (is_protobuf_) return {protobuf_.family().hash, 0, LineSlot::Gap()};
  return LineOfGap(text_.gap(), text_sample_.gap);
}

const SampleTail& PageReader::tail() const {
  if (converting_) return converting_->tail();
  return is_protobuf_ ? sample_.tail : text_sample_.tail;
}

LayoutLine PageReader::Line() const {
  if (converting_) return converting_->Line();
  if (is_protobuf_) {
    const LineSlot slot = LineSlot::Sample(sample_.tail.has_timestamp, MetricType::kUnknown);
    return {sample_.identity, static_cast<uint32_t>(sample_.part), slot};
  }
  const std::string_view series = text_sample_.series;
  return {TextHash::Instance()(series), static_cast<uint32_t>(series.size()),
          LineSlot::Sample(text_sample_.tail.has_timestamp, text_sample_.type)};
}

std::span<const RawExemplar> PageReader::exemplars() const {
  if (converting_) return converting_->exemplars();
  if (is_protobuf_) return sample_.exemplars;
  return {&text_sample_.exemplar, text_sample_.has_exemplar ? 1u : 0u};
}

const NativeHistogram* PageReader::histogram() const {
  if (converting_) return converting_->histogram();
  const bool native = is_protobuf_ && sample_.part == ProtobufSample::Part::kNativeHistogram;
  return native ? &protobuf_.histogram() : nullptr;
}

Result<void> PageReader::DecodeLabels(std::vector<Label>& labels) const {
  if (converting_) return converting_->DecodeLabels(labels);
  return is_protobuf_ ? protobuf_.DecodeLabels(sample_, labels)
                      : limpet::DecodeLabels(text_sample_, labels);
}

std::string PageReader::Excerpt() const {
  if (converting_) return QuotedExcerpt(converting_->series());
  return QuotedExcerpt(is_protobuf_ ? protobuf_.family().name : text_sample_.series);
}

}  // namespace limpet
