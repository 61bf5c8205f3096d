#include "agent/scrape/scraped_labels.h"

#include <algorithm>

#include "agent/scrape/error_excerpt.h"

namespace limpet {

Result<void> SortUniqueLabels(std::vector<Label>& labels) {
  std::sort(labels.begin(), labels.end(),
            [](const Label& a, const Label& b) { return a.name < b.name; });
  for (size_t i = 0; i < labels.size(); ++i) {
    if (!IsUtf8Name(labels[i].name)) return Error{"invalid label name"};
    if (i > 0 && labels[i].name == labels[i - 1].name) {
      return Error{"label name " + QuotedExcerpt(labels[i].name) + " is not unique"};
    }
  }
  return {};
}

}  // namespace limpet
