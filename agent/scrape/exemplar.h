// Exemplars of a page, made ready for delivery.
//
// Who calls it: whoever delivers what PageValues has of them; any thread.
// Source: Prometheus' storage. Labels without a value are none. An exemplar is refused, and its
// sample is not, where its labels have more than 128 characters (names and values, UTF-8 characters
// and not bytes) or a name twice.
#ifndef LIMPET_AGENT_SCRAPE_EXEMPLAR_H_
#define LIMPET_AGENT_SCRAPE_EXEMPLAR_H_

#include <cstddef>
#include <vector>

#include "agent/platform/result.h"
#include "agent/relabel/labels.h"
#include "agent/scrape/page_format.h"
#include "agent/scrape/text_sample.h"

namespace limpet {

inline constexpr size_t kExemplarCharactersMax = 128;

// In order of name.
Result<std::vector<Label>> ExemplarLabels(const RawExemplar& exemplar, PageFormat format);

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_EXEMPLAR_H_
