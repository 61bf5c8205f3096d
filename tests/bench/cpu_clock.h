// The CPU time of the calling thread, for benchmarks: a busy machine does not count.
#ifndef LIMPET_TESTS_BENCH_CPU_CLOCK_H_
#define LIMPET_TESTS_BENCH_CPU_CLOCK_H_

#include <ctime>

namespace limpet {

inline double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

}  // namespace limpet

#endif  // LIMPET_TESTS_BENCH_CPU_CLOCK_H_
