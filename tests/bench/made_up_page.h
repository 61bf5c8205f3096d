// Pages in the Prometheus text format, in the manner of node_exporter, for benchmarks.
#ifndef LIMPET_TESTS_BENCH_MADE_UP_PAGE_H_
#define LIMPET_TESTS_BENCH_MADE_UP_PAGE_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace limpet {

// The pages of one target, one after the other.
class MadeUpPages {
 public:
  explicit MadeUpPages(size_t samples);

  // The next page: a quarter of the samples have other values than on the last one.
  std::string Next();
  // So many samples are of other series from now on.
  void Churn(size_t series);

 private:
  struct Line {
    std::string series;
    std::string value;
  };
  void AddFamily(int family);
  std::string Value();

  const size_t samples_;
  std::mt19937_64 random_{1};
  std::vector<std::string> headers_;  // what stands before a line; mostly nothing
  std::vector<Line> lines_;
  uint64_t churned_ = 0;
};

}  // namespace limpet

#endif  // LIMPET_TESTS_BENCH_MADE_UP_PAGE_H_
