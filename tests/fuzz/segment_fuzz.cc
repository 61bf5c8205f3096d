// A segment's file: any bytes may be in it, and what is read from it is what a writer could have
// written.
//
// Input: the first byte chooses. Even: the rest is the file as it is (header included). Odd: the
// rest makes records (type, two bytes of length, payload) that get true checksums, so that what is
// behind the checksum is reached. What decodes is encoded again and has to come back the same.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "queue/log_inspect_segment.h"
#include "queue/log_pool.h"
#include "queue/record_fields.h"
#include "queue/segment_decoder.h"
#include "queue/segment_encoder.h"
#include "queue/wire_attachments.h"
#include "tests/queue/memory_file_system.h"

namespace limpet {
namespace {

constexpr int64_t kCreatedMs = 1'700'000'000'000;
constexpr char kPath[] = "/log/0000000000000001.seg";

void Require(bool holds) {
  if (!holds) std::abort();
}

std::string FramedSegment(std::string_view input) {
  std::string file = EncodeSegmentHeader({1, kCreatedMs});
  while (input.size() >= 3) {
    const auto type = static_cast<RecordType>(static_cast<uint8_t>(input[0]) % 8);
    const size_t length = static_cast<uint8_t>(input[1]) | static_cast<uint8_t>(input[2]) << 8;
    input.remove_prefix(3);
    const std::string_view payload = input.substr(0, length);
    input.remove_prefix(payload.size());
    const size_t begin = BeginRecord(type, file);
    file.append(payload);
    EndRecord(begin, file);
  }
  return file;
}

bool SameBits(double a, double b) {
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
}

bool SameHistogram(const HistogramSample& a, const HistogramSample& b) {
  return a.place == b.place && a.message == b.message;
}

bool SameExemplar(const ExemplarSample& a, const ExemplarSample& b) {
  return a.place == b.place && a.labels == b.labels && SameBits(a.value, b.value) &&
         a.timestamp_ms == b.timestamp_ms;
}

class Visitor : public SegmentVisitor {
 public:
  void OnHeader(const SegmentHeader& header) override { created_ms_ = header.created_ms; }

  bool OnRecord(const InspectedRecord& record) override {
    Require(record.offset >= end_);
    end_ = record.offset + record.record.bytes;
    const RecordFields fields = FieldsOf(record.record, created_ms_);
    Require(!fields.type.empty());
    if (record.scrape == nullptr) return true;
    Require(!record.undecodable && fields.well_formed);
    WriteAgain(*record.scrape);
    return true;
  }

  void OnDamage(const LogDamage& damage) override { Require(!damage.detail.empty()); }

 private:
  void WriteAgain(const ScrapeView& scrape) {
    std::string bytes;
    SegmentEncoder encoder(created_ms_);
    if (!encoder.Encode(scrape, bytes)) return;
    LogPool pool;
    SegmentDecoder decoder(created_ms_, pool);
    auto outcome = SegmentDecoder::Outcome::kDictionary;
    for (std::string_view rest = bytes; !rest.empty();) {
      Record record;
      size_t needed = 0;
      Require(ParseRecord(rest, RecordCheck::kChecksum, record, needed) == RecordStatus::kOk);
      outcome = decoder.Decode(record);
      rest.remove_prefix(record.bytes);
    }
    Require(outcome == SegmentDecoder::Outcome::kScrape);
    const ScrapeView& again = decoder.view();
    Require(again.timestamp_ms == scrape.timestamp_ms);
    Require(again.target->labels == scrape.target->labels);
    Require(again.layout->SameSeries(*scrape.layout));
    Require(std::ranges::equal(again.values, scrape.values, SameBits));
    Require(std::ranges::equal(again.timestamps, scrape.timestamps));
    Require(std::ranges::equal(again.histograms, scrape.histograms, SameHistogram));
    Require(std::ranges::equal(again.exemplars, scrape.exemplars, SameExemplar));
    for (const HistogramSample& histogram : again.histograms) {
      (void)HasCustomBuckets(histogram.message);
    }
  }

  int64_t created_ms_ = 0;
  uint64_t end_ = 0;
};

}  // namespace
}  // namespace limpet

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  limpet::MemoryFileSystem files;
  files.SetContent(limpet::kPath,
                   (data[0] & 1) != 0 ? limpet::FramedSegment(rest) : std::string(rest));
  limpet::Visitor visitor;
  limpet::InspectSegment(files, limpet::kPath, {1, (data[0] & 2) != 0, {}}, visitor);
  return 0;
}
