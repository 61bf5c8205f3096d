// Random scrapes, and what a receiver must get for them, for the wire tests.
#ifndef LIMPET_TESTS_QUEUE_WIRE_FIXTURE_H_
#define LIMPET_TESTS_QUEUE_WIRE_FIXTURE_H_

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "queue/wire_request.h"
#include "tests/queue/owned_attachments.h"
#include "tests/queue/slow_encoder.h"

namespace limpet {

inline constexpr RequestLimits kNoLimits{UINT64_MAX, SIZE_MAX, INT64_MIN};
inline constexpr WireProtocol kBothProtocols[] = {WireProtocol::kV1, WireProtocol::kV2};

RelabelRule Rule(RelabelAction action, std::vector<std::string> source, const std::string& regex,
                 std::string target = "", std::string replacement = "$1");

std::shared_ptr<const SeriesBlock> Block(const std::vector<std::vector<Label>>& series);

// A scrape that owns what the view points to.
struct OwnedScrape {
  std::shared_ptr<const SeriesBlock> layout;
  std::shared_ptr<const LogTarget> target;
  std::vector<uint32_t> series;
  std::vector<double> values;
  std::vector<int64_t> timestamps;
  int64_t timestamp_ms = 1'700'000'000'123;
  OwnedAttachments attachments = {};
  ScrapeView View() const {
    return attachments.Show({layout, target, timestamp_ms, series, values, timestamps});
  }
};

// All of them; they must fit into one run.
ScrapeRun RunOf(const std::vector<OwnedScrape>& scrapes);

// Label sets that meet in few names, so that every kind of conflict occurs.
class RandomScrapes {
 public:
  explicit RandomScrapes(uint32_t seed) : random_(seed) {}

  size_t Below(size_t n) { return random_() % n; }
  // Labels without `__name__`.
  std::vector<Label> Set(bool may_be_empty);
  OwnedScrape Scrape();
  // One to `rows_max` scrapes of one target and layout, mostly in order of time.
  std::vector<OwnedScrape> Rows(size_t rows_max);

 private:
  void Attach(OwnedScrape& scrape);
  std::string Value(bool may_be_empty);
  double SampleValue();
  int64_t Timestamp();
  void FillIn(OwnedScrape& scrape);
  std::mt19937 random_;
  bool attaches_ = false;
  uint64_t traces_ = 0;
};

// Takes the exemplars out of such texts as follow and returns them, in order of text.
std::vector<std::string> TakeExemplars(std::string& text);

// What must be delivered for the scrapes of one target and layout: series after series, in order of
// time, a line for each stretch of histograms and of plain samples, with their exemplars, and with
// the metadata in 2.0.
std::string ExpectedText(const std::vector<OwnedScrape>& scrapes, const Labels& external,
                         const std::vector<RelabelRule>& rules, WireProtocol protocol);
// The same of a batch; checks that the batch says what is in it, and in 2.0 that the message is
// what the specification asks for.
std::string TextOf(const Batch& batch);
// Without the metadata.
std::string SamplesTextOf(const Batch& batch);

}  // namespace limpet

#endif  // LIMPET_TESTS_QUEUE_WIRE_FIXTURE_H_
