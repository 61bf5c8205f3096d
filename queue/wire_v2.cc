#include "queue/wire_v2.h"

#include <cstring>

namespace limpet {
namespace {

constexpr size_t kRefBytesMax = 5;

}  // namespace

void MessageV2::Begin(const SeriesBlock& block, const LayoutSymbols& symbols,
                      const InterleavePlan& plan, const OuterLabels& outer) {
  Begin(block);
  layout_->numbers.resize(symbols.size());
  layout_symbols_ = &symbols;
  plan_ = &plan;
  outer_ = &outer;
  outer_numbered_ = false;
}

void MessageV2::Begin(const SeriesBlock& block) {
  block_ = &block;
  layout_ = &layouts_[block.id()];
  if (block.metadata_table()) layout_->metadata.resize(block.metadata_table()->size());
}

// A label takes at least six bytes around its strings in 1.0, here at most four and two references.
size_t MessageV2::SeriesBytesMax(size_t series, size_t label_bytes, size_t content_bytes) const {
  const MetricMetadata& metadata = block_->MetadataOf(series);
  return 3 * label_bytes + content_bytes + metadata.help.size() + metadata.unit.size() +
         sizeof(Metadata) + 6 * kVarintBytesMax;
}

// Not before a series is written: a message has no symbols that nothing refers to.
void MessageV2::NumberOuter() {
  outer_numbered_ = true;
  outer_refs_.clear();
  outer_starts_.assign(1, 0);
  for (size_t i = 0; i < outer_->size(); ++i) {
    AppendVarint(symbols_.Number(outer_->name(i)), outer_refs_);
    AppendVarint(symbols_.Number(outer_->value(i)), outer_refs_);
    outer_starts_.push_back(static_cast<uint32_t>(outer_refs_.size()));
  }
}

inline char* MessageV2::WriteNumber(char* out, Layout& layout, uint32_t symbol) {
  uint32_t& number = layout.numbers[symbol];
  if (number == 0) {
    number =
        symbols_.Number(layout_symbols_->Text(*block_, symbol), layout_symbols_->HashOf(symbol));
  }
  return WriteVarint(out, number);
}

char* MessageV2::BeginSeries(size_t series, size_t content_bytes) {
  if (!outer_numbered_) NumberOuter();
  refs_.Clear();
  const std::span<const InterleavePlan::Step> steps = plan_->steps(series);
  size_t labels = 0;
  for (const InterleavePlan::Step& step : steps) labels += step.inner;
  char* out = refs_.Reserve(2 * kRefBytesMax * labels + outer_refs_.size());
  const uint32_t* ref = layout_symbols_->RefsOf(series);
  size_t next_outer = 0;
  for (const InterleavePlan::Step& step : steps) {
    if (step.skip == InterleavePlan::kLeaveInnerOut) {
      ref += 2 * step.inner;
      continue;
    }
    for (const uint32_t* end = ref + 2 * step.inner; ref != end; ++ref) {
      out = WriteNumber(out, *layout_, *ref);
    }
    const size_t from = outer_starts_[next_outer];
    const size_t size = outer_starts_[next_outer + step.outer] - from;
    std::memcpy(out, outer_refs_.data() + from, size);
    out += size;
    next_outer += size_t{step.outer} + step.skip;
  }
  return Start(series, out, content_bytes);
}

char* MessageV2::BeginSeries(size_t series, std::string_view labels, size_t content_bytes) {
  refs_.Clear();
  // Two references for at least six bytes.
  char* out = refs_.Reserve(2 * kRefBytesMax * (labels.size() / 6));
  std::string_view name;
  std::string_view value;
  while (NextEncodedLabel(labels, name, value)) {
    out = WriteVarint(out, symbols_.Number(name));
    out = WriteVarint(out, symbols_.Number(value));
  }
  return Start(series, out, content_bytes);
}

char* MessageV2::Start(size_t series, const char* refs_end, size_t content_bytes) {
  refs_.SetEnd(refs_end);
  metadata_ = &MetadataOf(series);
  const size_t refs = refs_.size();
  const size_t size = 1 + VarintSize(refs) + refs + content_bytes + metadata_->size;
  char* out = series_.Reserve(1 + VarintSize(size) + size);
  *out++ = kWireTimeSeriesV2;
  out = WriteVarint(out, size);
  *out++ = kWireLabelsRefs;
  out = WriteVarint(out, refs);
  std::memcpy(out, refs_.view().data(), refs);
  return out + refs;
}

void MessageV2::EndSeries(char* out) {
  std::memcpy(out, metadata_->bytes, metadata_->size);
  series_.SetEnd(out + metadata_->size);
}

const MessageV2::Metadata& MessageV2::MetadataOf(size_t series) {
  static const Metadata none{};
  if (layout_->metadata.empty()) return none;
  Metadata& encoded = layout_->metadata[block_->metadata()[series]];
  if (!encoded.known) Encode(block_->MetadataOf(series), encoded);
  return encoded;
}

void MessageV2::Encode(const MetricMetadata& metadata, Metadata& encoded) {
  encoded.known = true;
  const uint32_t help = symbols_.Number(metadata.help);
  const uint32_t unit = symbols_.Number(metadata.unit);
  char* const fields = encoded.bytes + 2;
  char* out = fields;
  // What has its default is left out, as everywhere in the format.
  if (metadata.type != MetricType::kUnknown) {
    *out++ = kWireMetricType;
    *out++ = static_cast<char>(metadata.type);
  }
  if (help != 0) {
    *out++ = kWireHelpRef;
    out = WriteVarint(out, help);
  }
  if (unit != 0) {
    *out++ = kWireUnitRef;
    out = WriteVarint(out, unit);
  }
  if (out == fields) return;
  encoded.bytes[0] = kWireMetadata;
  encoded.bytes[1] = static_cast<char>(out - fields);
  encoded.size = static_cast<uint8_t>(out - encoded.bytes);
}

void MessageV2::Clear() {
  symbols_.Clear();
  series_.Clear();
  layouts_.clear();
  layout_ = nullptr;
}

void MessageV2::Release() {
  Clear();
  symbols_.Release();
  series_.Release();
  refs_.Release();
}

}  // namespace limpet
