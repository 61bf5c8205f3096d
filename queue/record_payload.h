// What is in the records of targets and scrapes. queue/FORMAT.md has the page; for the other kinds
// see queue/record_dictionary.h.
//
// Who calls it: SegmentEncoder and SegmentDecoder; the scanner, to count samples without decoding;
// any thread.
// Limits: a scrape has at most as many samples as a layout has series, 16 million. Beyond it bytes
// are taken for damage.
#ifndef LIMPET_QUEUE_RECORD_PAYLOAD_H_
#define LIMPET_QUEUE_RECORD_PAYLOAD_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "queue/record_bytes.h"
#include "queue/record_dictionary.h"
#include "queue/scrape_view.h"

namespace limpet {

struct TargetPayload {
  uint64_t id = 0;
  uint64_t key = 0;
  Labels labels;
};
void PutTargetRecord(uint64_t id, const LogTarget& target, std::string& out);
std::optional<TargetPayload> ParseTarget(std::string_view payload);

// Bits of a scrape's first byte; others are refused.
inline constexpr uint8_t kScrapeIsKey = 1;
inline constexpr uint8_t kScrapeHasSubset = 2;
inline constexpr uint8_t kScrapeHasTimestamps = 4;
inline constexpr uint8_t kScrapeHasHistograms = 8;
inline constexpr uint8_t kScrapeHasExemplars = 16;
// The only coding of values so far (queue/record_values.h).
inline constexpr uint8_t kValueCodingDifferences = 1;

// The front of a scrape, up to what only key records have.
struct ScrapeFront {
  uint8_t flags = 0;
  uint64_t samples = 0;
  int64_t since_created_ms = 0;
  uint64_t stream = 0;
  uint64_t number = 0;
};
void PutScrapeFront(const ScrapeFront& front, std::string& out);
std::optional<ScrapeFront> TakeScrapeFront(ByteReader& in);

// Ascending indices as runs: how many to pass over, how many to take.
void PutRuns(std::span<const uint32_t> series, std::string& out);
bool TakeRuns(size_t count, size_t limit, std::vector<uint32_t>& series, ByteReader& in);

void PutTimestamps(std::span<const int64_t> timestamps, int64_t base, std::string& out);
bool TakeTimestamps(size_t count, int64_t base, std::vector<int64_t>& timestamps, ByteReader& in);

void PutIds(const std::vector<uint64_t>& ids, std::string& out);
bool TakeIds(std::vector<uint64_t>& ids, ByteReader& in);

}  // namespace limpet

#endif  // LIMPET_QUEUE_RECORD_PAYLOAD_H_
