// A page in any format, sample by sample: what is done with all of them alike.
//
// Who calls it: finding and building layouts, counting what a refused page had; the loop's thread.
// Matching, which must be fast, reads each format by itself. What it gives points into the page and
// holds until the next call.
//
//   PageReader reader(page, settings);
//   for (;;) {
//     Result<bool> more = reader.Next();
//     if (!more) return more.error();
//     if (reader.has_gap()) Use(reader.GapLine());    // also behind the last sample
//     if (!*more) break;
//     Use(reader.Line(), reader.tail());
//   }
#ifndef LIMPET_AGENT_SCRAPE_PAGE_READER_H_
#define LIMPET_AGENT_SCRAPE_PAGE_READER_H_

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "agent/platform/result.h"
#include "agent/relabel/labels.h"
#include "agent/scrape/converting_reader.h"
#include "agent/scrape/layout.h"
#include "agent/scrape/page_format.h"
#include "agent/scrape/protobuf_reader.h"
#include "agent/scrape/text_parser.h"

namespace limpet {

class PageReader {
 public:
  PageReader(const Page& page, const HistogramSettings& settings);
  PageReader(const PageReader&) = delete;
  PageReader& operator=(const PageReader&) = delete;

  // False at the end of the page.
  Result<bool> Next();

  // The same as in TextParser; only for the text formats.
  void MoveTo(size_t offset, MetricType type) { text_.MoveTo(offset, type); }
  size_t offset() const { return text_.offset(); }

  // Whether something stands before the sample that is a line of a layout: comments and metadata;
  // in protobuf each family begins so.
  bool has_gap() const;
  LayoutLine GapLine() const;
  // What the gap says of metrics.
  const std::vector<MetadataLine>& metadata() const {
    return converting_ ? converting_->metadata() : metadata_;
  }

  // Of the sample; it has no series yet.
  LayoutLine Line() const;
  const SampleTail& tail() const;
  std::span<const RawExemplar> exemplars() const;
  // Null where the sample is a number.
  const NativeHistogram* histogram() const;
  // With its name, in order of name; an error where a name is empty, not UTF-8, or given twice.
  // What they are all the same is then in `labels`, in any order, or nothing where they cannot be
  // read.
  Result<void> DecodeLabels(std::vector<Label>& labels) const;
  // How an error names it.
  std::string Excerpt() const;

 private:
  const bool is_protobuf_;
  std::unique_ptr<ConvertingReader> converting_;  // instead of all below, where it is needed
  std::vector<MetadataLine> metadata_;
  TextParser text_;
  TextSample text_sample_;
  ProtobufMetric metric_;
  ProtobufReader protobuf_;
  ProtobufSample sample_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_PAGE_READER_H_
