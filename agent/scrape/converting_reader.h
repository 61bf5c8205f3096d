// A page in a text format whose classic histograms are made into native ones with custom buckets
// (convert_classic_histograms_to_nhcb), sample by sample.
//
// Who calls it: PageReader, whose functions these are; the loop's thread. What it gives points into
// the page and holds until the next call.
// Source: Prometheus' model/textparse/nhcbparse.go. Series NAME_bucket, NAME_sum and NAME_count
// that follow one another under a TYPE of NAME that says histogram, with the same labels but for
// `le`, are one histogram; a comment between them ends it. They are left out, unless classic
// histograms are always wanted; so they are where they do not make a histogram. It has the
// timestamp of its first series, and of their exemplars those with a timestamp.
#ifndef LIMPET_AGENT_SCRAPE_CONVERTING_READER_H_
#define LIMPET_AGENT_SCRAPE_CONVERTING_READER_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "agent/platform/result.h"
#include "agent/relabel/labels.h"
#include "agent/scrape/classic_histogram.h"
#include "agent/scrape/layout_piece.h"
#include "agent/scrape/page_gap.h"
#include "agent/scrape/text_parser.h"

namespace limpet {

// Whether the page is to be read so; in protobuf its reader converts.
inline bool MustConvert(const Page& page, const HistogramSettings& settings) {
  return settings.convert && page.format != PageFormat::kProtobuf;
}

// What a gap is in a layout. The parser's last one, which `text` is.
LayoutLine LineOfGap(const GapReading& gap, std::string_view text);

class ConvertingReader {
 public:
  ConvertingReader(const Page& page, bool keep_classic) : text_(page), keep_classic_(keep_classic) {
    text_.CollectMetadata(read_metadata_);
  }

  Result<bool> Next();
  bool has_gap() const { return gap_.present; }
  const LayoutLine& GapLine() const { return gap_.line; }
  const std::vector<MetadataLine>& metadata() const { return gap_.metadata; }
  LayoutLine Line() const;
  const SampleTail& tail() const { return gives_histogram_ ? tail_ : sample_.tail; }
  std::span<const RawExemplar> exemplars() const;
  // Null where the sample is a number.
  const NativeHistogram* histogram() const { return gives_histogram_ ? &native_ : nullptr; }
  Result<void> DecodeLabels(std::vector<Label>& labels) const;
  std::string_view series() const { return gives_histogram_ ? first_.series : sample_.series; }

 private:
  enum class Part : uint8_t { kNone, kBucket, kSum, kCount };
  struct Gap {
    bool present = false;
    LayoutLine line{0, 0, LineSlot::Gap()};
    std::vector<MetadataLine> metadata;
  };

  Result<bool> Read();
  // What stood before a sample that is left out stands before the next one.
  void PassGapOn();
  // Which part of a histogram the sample is, and its place among the buckets.
  Part PartOf(double& bound) const;
  // Equal for all series of a histogram.
  uint64_t LabelsHash() const;
  bool EndsHistogram(bool more) const;
  void Collect(Part part, double bound);
  bool GiveHistogram();

  TextParser text_;
  const bool keep_classic_;
  std::vector<MetadataLine> read_metadata_;
  std::string_view typed_name_;  // of the last TYPE line
  TextSample sample_;            // read last
  bool more_ = true;             // whether there was one
  bool held_ = false;            // it is not given yet
  Gap read_gap_;                 // before it
  Gap passed_on_;
  Gap gap_;  // of what is given

  bool collecting_ = false;
  TextSample first_;  // of the histogram
  std::string_view base_name_;
  uint64_t labels_hash_ = 0;
  ClassicHistogram classic_;
  std::vector<RawExemplar> exemplars_;

  bool gives_histogram_ = false;
  NativeHistogram native_;
  SampleTail tail_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_CONVERTING_READER_H_
