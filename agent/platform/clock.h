// Time, as a thing that tests can replace.
//
// Who calls it: everyone; from any thread.
// Wall time is what timestamps on samples are made of and may jump; steady time is what intervals,
// deadlines and back-off are measured with and never does.
#ifndef LIMPET_AGENT_PLATFORM_CLOCK_H_
#define LIMPET_AGENT_PLATFORM_CLOCK_H_

#include <chrono>
#include <cstdint>

namespace limpet {

using Millis = std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t WallMs() const = 0;  // milliseconds since the epoch
  virtual SteadyTime Now() const = 0;
};

// The machine's own clocks.
const Clock& SystemClock();

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_CLOCK_H_
