// What samples of a page have beside a number, made ready for the log: native histograms and the
// exemplars that were not delivered before.
//
// Who calls it: the target's series, on the loop's thread; buffers are used again.
#ifndef LIMPET_AGENT_SCRAPE_SAMPLE_DETAILS_H_
#define LIMPET_AGENT_SCRAPE_SAMPLE_DETAILS_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "agent/scrape/exemplar_memory.h"
#include "agent/scrape/layout.h"
#include "queue/scrape_view.h"

namespace limpet {

class SampleDetails {
 public:
  // Adds to `view`, whose series and values are in it already, what the page has of those; good
  // until the next call.
  void AddTo(ScrapeView& view, const PageValues& page, PageFormat format, ExemplarMemory& memory);

 private:
  void AddHistograms(ScrapeView& view, const PageHistograms& page);
  void AddExemplars(ScrapeView& view, const std::vector<PageExemplar>& page, PageFormat format,
                    ExemplarMemory& memory);

  std::vector<HistogramSample> histograms_;
  std::vector<ExemplarSample> exemplars_;
  std::vector<ExemplarMemory::Seen> seen_;
  std::string labels_;
  std::vector<std::pair<size_t, size_t>> label_ranges_;  // one an exemplar
};

}  // namespace limpet

#endif  // LIMPET_AGENT_SCRAPE_SAMPLE_DETAILS_H_
