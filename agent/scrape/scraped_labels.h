// What holds for the labels of a scraped sample in whatever format it came.
//
// Who calls it: what decodes labels; any thread.
#ifndef LIMPET_AGENT_SCRAPE_SCRAPED_LABELS_H_
#define LIMPET_AGENT_SCRAPE_SCRAPED_LABELS_H_

#include <vector>

#include "agent/platform/result.h"
#include "agent/relabel/labels.h"

namespace limpet {

// Brings them in order of name; an error where a name is empty, not UTF-8, or there twice.
Result<void> SortUniqueLabels(std::vector<Label>& labels);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_SCRAPED_LABELS_H_
