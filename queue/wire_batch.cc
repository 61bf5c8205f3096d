#include "queue/wire_batch.h"

#include <snappy-sinksource.h>
#include <snappy.h>

#include <algorithm>

#include "queue/wire_frames.h"

namespace limpet {
namespace {

class TwoPieces : public snappy::Source {
 public:
  TwoPieces(std::string_view first, std::string_view second) : now_(first), next_(second) {
    Skip(0);
  }
  size_t Available() const override { return now_.size() + next_.size(); }
  const char* Peek(size_t* size) override {
    *size = now_.size();
    return now_.data();
  }
  void Skip(size_t size) override {
    now_.remove_prefix(size);
    if (now_.empty()) now_ = std::exchange(next_, {});
  }

 private:
  std::string_view now_;
  std::string_view next_;
};

// Those of the samples for which that holds; it may take exemplars from them.
template <typename Kept>
std::optional<Batch> Filtered(const Batch& batch, WireProtocol protocol, Kept kept) {
  std::optional<MessageFrames> frames = MessageFrames::Of(batch);
  if (!frames) return std::nullopt;
  FrameWriter writer(*frames, protocol);
  for (SeriesFrame& series : frames->series()) {
    std::erase_if(series.samples, [&](SampleFrame& sample) { return !kept(sample); });
    if (!writer.Add(series, 0, series.samples.size())) return std::nullopt;
  }
  Batch made = writer.Seal();
  made.may_be_resent = batch.may_be_resent;
  return made;
}

bool MayHave(const WireContents& contents, const SampleFrame& sample) {
  if (!sample.is_histogram) return true;
  return contents.histograms && (contents.custom_buckets || !HasCustomBuckets(sample.bytes));
}

size_t Middle(const std::vector<SeriesFrame>& series, bool at_scrapes) {
  const size_t middle = series.size() / 2;
  const auto ends_scrape = [&](size_t i) {
    return i > 0 && i < series.size() && !series[i].samples.empty() &&
           !series[i - 1].samples.empty() &&
           series[i].samples.front().timestamp_ms != series[i - 1].samples.front().timestamp_ms;
  };
  for (size_t off = 0; at_scrapes && off <= middle + 1; ++off) {
    if (ends_scrape(middle + off)) return middle + off;
    if (off <= middle && ends_scrape(middle - off)) return middle - off;
  }
  return middle;
}

}  // namespace

std::string CompressBlock(std::string_view first, std::string_view second, WireBuffer& memory) {
  // What is bigger is given back, so that one big batch does not stay in memory for good.
  constexpr size_t kKeptMax = 2u << 20;
  memory.Clear();
  char* out = memory.Reserve(snappy::MaxCompressedLength(first.size() + second.size()));
  TwoPieces message(first, second);
  snappy::UncheckedByteArraySink sink(out);
  snappy::Compress(&message, &sink);
  std::string body(out, sink.CurrentDestination());
  if (memory.capacity() > kKeptMax) memory.Release();
  return body;
}

std::vector<Batch> HalvesOf(const Batch& batch, bool at_scrapes) {
  std::optional<MessageFrames> frames = MessageFrames::Of(batch);
  if (!frames || frames->series().empty()) return {};
  const std::vector<SeriesFrame>& all = frames->series();
  const bool lone = all.size() == 1;
  const size_t count = lone ? all.front().samples.size() : all.size();
  const size_t middle = lone ? count / 2 : Middle(all, at_scrapes);
  std::vector<Batch> halves;
  for (const auto& [from, to] : {std::pair<size_t, size_t>{0, middle}, {middle, count}}) {
    FrameWriter writer(*frames, batch.protocol);
    for (size_t i = from; i < to; ++i) {
      const bool taken = lone ? (i > from || writer.Add(all.front(), from, to))
                              : writer.Add(all[i], 0, all[i].samples.size());
      if (!taken) return {};
    }
    if (from < to) halves.push_back(writer.Seal());
  }
  return halves;
}

Batch WithoutOlderThan(const Batch& batch, int64_t oldest_ms) {
  std::optional<Batch> made =
      Filtered(batch, batch.protocol,
               [oldest_ms](const SampleFrame& sample) { return sample.timestamp_ms >= oldest_ms; });
  return made.value_or(Batch());
}

Batch WithoutExemplars(const Batch& batch) {
  std::optional<Batch> made = Filtered(batch, batch.protocol, [](SampleFrame& sample) {
    sample.exemplars.clear();
    return true;
  });
  return made.value_or(Batch());
}

std::optional<Batch> ToProtocol(const Batch& batch, WireProtocol protocol,
                                const WireContents& contents) {
  if (batch.protocol == protocol) return batch;
  return Filtered(batch, protocol, [&](SampleFrame& sample) {
    if (!contents.exemplars) sample.exemplars.clear();
    return MayHave(contents, sample);
  });
}

}  // namespace limpet
