// What stands between the samples of a page in the Prometheus text format: blank lines, comments,
// and what HELP and TYPE lines say of a metric family.
//
// Who calls it: the text parser, layouts; the loop's thread. What it gives points into the page.
// Source: Prometheus' text parser: a TYPE that does not exist and a help text that is not UTF-8
// fail the page, any other comment is free text.
#ifndef LIMPET_AGENT_SCRAPE_PAGE_GAP_H_
#define LIMPET_AGENT_SCRAPE_PAGE_GAP_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "queue/metric_metadata.h"

namespace limpet {

struct MetadataLine {
  enum class Kind : uint8_t { kType, kHelp, kUnit };
  Kind kind = Kind::kType;
  MetricType type = MetricType::kUnknown;  // of a TYPE line
  std::string_view family;                 // without its quotes, escapes not resolved
  std::string_view text;                   // escapes not resolved
};

// What the gaps of a page have said so far.
struct GapReading {
  MetricType type = MetricType::kUnknown;  // of the page's last TYPE line
  // Of the gap that was read last:
  bool has_metadata = false;
  bool has_comments = false;  // that say nothing: they may change with every scrape
  uint64_t digest = 0;        // of the metadata lines alone, in order; where it is wanted
  bool wants_digest = false;
  std::vector<MetadataLine>* lines = nullptr;  // where given, the metadata lines are added to it
};

// Skips comments, blank lines and leading blanks up to the next sample or the end. Null, or what is
// wrong at the place where `p` then stands.
const char* SkipGap(const char*& p, const char* end, GapReading& gap);

// Notes a metadata line; `whole` is its text from the keyword on.
void AddToGap(const MetadataLine& line, std::string_view whole, GapReading& gap);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_PAGE_GAP_H_
