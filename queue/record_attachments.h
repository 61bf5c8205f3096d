// What samples of a scrape have beside their values, in its record: native histograms, exemplars.
//
// Who calls it: SegmentEncoder and SegmentDecoder; one thread at a time each.
// Operation: each kind is a section behind the values (queue/record_section.h), coded against the
// last one of its kind in the stream since its key record. Scrapes without any cost nothing.
// Limits: kSectionBytesMax a kind and scrape, beyond it the scrape is refused; of a larger section
// than kSectionKeptMax nothing is kept for the next one, so that a stream costs at most twice that.
// What comes from a disk is checked: places in order and within the scrape, labels well formed.
// Messages of histograms are bytes to the log.
#ifndef LIMPET_QUEUE_RECORD_ATTACHMENTS_H_
#define LIMPET_QUEUE_RECORD_ATTACHMENTS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "queue/record_section.h"
#include "queue/scrape_view.h"

namespace limpet {

inline constexpr size_t kSectionKeptMax = 64u << 10;

// What the next sections of a stream are coded against; null: nothing.
struct AttachmentSections {
  std::string histograms;
  std::string exemplars;
};
using StreamSections = std::unique_ptr<AttachmentSections>;

// Whether a record can have them: places, labels and sizes are as they must be.
bool ConsistentAttachments(const ScrapeView& scrape);

class AttachmentEncoder {
 public:
  // Appends the sections that the scrape has.
  void Encode(const ScrapeView& scrape, int64_t created_ms, StreamSections& before,
              std::string& out);

 private:
  void Put(std::string& before, std::string& out);

  SectionWriter writer_;
  std::string section_;
};

class AttachmentDecoder {
 public:
  // Reads the sections that the scrape's flags name; false where they are malformed. `view` has the
  // values already; what it then points to is good until the next call.
  bool Decode(uint8_t flags, int64_t created_ms, StreamSections& before, ByteReader& in,
              ScrapeView& view);

 private:
  static bool Take(std::string& before, std::string& section, ByteReader& in);
  bool ReadHistograms(size_t samples);
  bool ReadExemplars(size_t samples, int64_t created_ms);

  std::string histogram_section_;
  std::string exemplar_section_;
  std::vector<uint32_t> places_;
  std::vector<HistogramSample> histograms_;
  std::vector<ExemplarSample> exemplars_;
};

}  // namespace limpet

#endif  // LIMPET_QUEUE_RECORD_ATTACHMENTS_H_
