// Native histograms and exemplars of a scrape, owned, for tests.
#ifndef LIMPET_TESTS_QUEUE_OWNED_ATTACHMENTS_H_
#define LIMPET_TESTS_QUEUE_OWNED_ATTACHMENTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "queue/scrape_view.h"

namespace limpet {

struct OwnedAttachments {
  struct Histogram {
    uint32_t place;
    std::string message;
  };
  struct Exemplar {
    uint32_t place;
    std::string labels;
    double value;
    int64_t timestamp_ms;
  };
  std::vector<Histogram> histograms;
  std::vector<Exemplar> exemplars;

  OwnedAttachments() = default;
  explicit OwnedAttachments(const ScrapeView& view);
  // The view with them; good until the next call, and while this lives unchanged.
  ScrapeView Show(ScrapeView view) const;
  bool SameAs(const ScrapeView& view) const;

 private:
  mutable std::vector<HistogramSample> histogram_views_;
  mutable std::vector<ExemplarSample> exemplar_views_;
};

// A Histogram of `observations`, whose buckets move a little from one number to the next.
std::string HistogramMessage(uint64_t observations);
// One of schema -53, which 1.0 does not send.
std::string CustomBucketsMessage(uint64_t observations);
std::string ExemplarLabels(const std::string& trace_id);

}  // namespace limpet

#endif  // LIMPET_TESTS_QUEUE_OWNED_ATTACHMENTS_H_
