// A Remote-Write message taken apart into its time series, and put together again from some of
// them.
//
// Who calls it: what changes batches (queue/wire_batch.h); one thread at a time.
// It reads what RequestBuilder writes: a series is its labels, then its samples or histograms, then
// their exemplars, then (2.0) its metadata. A message does not say which sample an exemplar belongs
// to: it is taken for the first that is not before it, the last one's where all are. Anything else
// is an error: these messages never come from outside. In a new 2.0 message the symbols are
// numbered afresh, so that half of a message does not have all of its symbols.
#ifndef LIMPET_QUEUE_WIRE_FRAMES_H_
#define LIMPET_QUEUE_WIRE_FRAMES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "queue/wire_batch.h"
#include "queue/wire_symbols.h"

namespace limpet {

struct ExemplarFrame {
  std::string_view labels;  // as those of a series
  std::string_view rest;    // value and timestamp
  int64_t timestamp_ms = 0;
};

struct SampleFrame {
  std::string_view bytes;  // of a sample with tag and length, of a histogram the content
  int64_t timestamp_ms = 0;
  bool is_histogram = false;
  std::vector<ExemplarFrame> exemplars;
};

struct SeriesFrame {
  std::string_view labels;    // 1.0: the fields, with tags and lengths; 2.0: the references
  std::string_view metadata;  // 2.0: the content of the field
  std::vector<SampleFrame> samples;
};

class MessageFrames {
 public:
  // Nothing where the body is none of ours.
  static std::optional<MessageFrames> Of(const Batch& batch);
  MessageFrames(MessageFrames&&) = default;

  WireProtocol protocol() const { return protocol_; }
  std::vector<SeriesFrame>& series() { return series_; }
  const std::vector<std::string_view>& symbols() const { return symbols_; }

 private:
  MessageFrames() = default;
  bool Read(std::string_view message);
  bool ReadSeries(std::string_view content);
  bool ReadExemplar(std::string_view content, std::vector<SampleFrame>& samples);

  WireProtocol protocol_ = WireProtocol::kV1;
  std::unique_ptr<std::string> message_;  // its address stays, also when this is moved
  std::vector<std::string_view> symbols_;
  std::vector<SeriesFrame> series_;
};

class FrameWriter {
 public:
  FrameWriter(const MessageFrames& from, WireProtocol to);
  // The samples from one to before another; nothing where there are none. False where its labels
  // or metadata are not well formed.
  bool Add(const SeriesFrame& series, size_t from, size_t to);
  Batch Seal();

 private:
  bool AppendLabels(std::string_view labels, std::string& out);
  bool AppendExemplars(const SampleFrame& sample, std::string& out);
  bool AppendMetadata(std::string_view metadata, std::string& out);
  // A symbol of the message read, in the one written.
  bool AppendRef(uint64_t ref, std::string& out);

  const MessageFrames& from_;
  const WireProtocol to_;
  SymbolTable symbols_;
  std::vector<uint32_t> numbers_;  // by number in the message read; 0: none yet
  std::string message_;
  std::string labels_;
  std::string metadata_;
  Batch batch_;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_WIRE_FRAMES_H_
