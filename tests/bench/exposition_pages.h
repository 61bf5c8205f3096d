// Pages of one target, scrape after scrape, for benchmarks that need values that move.
#ifndef LIMPET_TESTS_BENCH_EXPOSITION_PAGES_H_
#define LIMPET_TESTS_BENCH_EXPOSITION_PAGES_H_

#include <memory>
#include <string>
#include <vector>

#include "queue/series_block.h"

namespace limpet {

struct Pages {
  std::shared_ptr<const SeriesBlock> layout;
  std::vector<std::vector<double>> values;  // by page, one a series
};

// From files in the Prometheus text format; made up where there are none. Series that are not in
// the first page are left out, what is not in a later one keeps its value.
Pages ReadPages(const std::vector<std::string>& paths);

}  // namespace limpet

#endif  // LIMPET_TESTS_BENCH_EXPOSITION_PAGES_H_
