#include "queue/sender_pace.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace limpet {
namespace {

constexpr Millis kEpoch{200};
constexpr uint64_t kAnswersALane = 4;
constexpr double kGain = 1.1;          // what more lanes must bring
constexpr double kBusy = 0.7;          // of the time, for more lanes to be tried
constexpr Millis kNoGainWait{30'000};  // until more lanes are tried again
constexpr Millis kRefusedWait{10'000};

double Seconds(SteadyTime::duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

LanePace::LanePace(size_t lanes_min, size_t lanes_max)
    : lanes_min_(std::max<size_t>(lanes_min, 1)),
      lanes_max_(std::max(lanes_max, lanes_min_)),
      wanted_(lanes_min_),
      lanes_(lanes_min_) {}

void LanePace::OnLanes(size_t lanes, SteadyTime now) {
  lanes_ = lanes;
  epoch_ = {now};
  before_ = {};
  slow_epochs_ = 0;
}

void LanePace::OnAnswer(const LaneAnswer& answer, SteadyTime now) {
  if (epoch_.start == SteadyTime{}) epoch_.start = now - answer.took;
  ++epoch_.answers;
  epoch_.full += answer.full ? 1 : 0;
  epoch_.backlog += answer.backlog ? 1 : 0;
  epoch_.samples += answer.samples;
  epoch_.busy += answer.took;
  // Until the lanes are as many as wanted, what is seen says nothing of that number.
  if (lanes_ != wanted_) return;
  if (now - epoch_.start >= kEpoch && epoch_.answers >= kAnswersALane * lanes_) EndEpoch(now);
}

void LanePace::EndEpoch(SteadyTime now) {
  const Epoch epoch = epoch_;
  epoch_ = {now};
  const double seconds = Seconds(now - epoch.start);
  const double answers = static_cast<double>(epoch.answers);
  const Speed speed{static_cast<double>(epoch.samples) / seconds, Seconds(epoch.busy) / answers};
  const double busy_lanes = Seconds(epoch.busy) / seconds;
  const Speed before = before_;
  before_ = speed;

  const bool backlog = epoch.backlog * 2 >= epoch.answers;
  if (!backlog) {
    grown_from_ = 0;
    const double needed = std::ceil(busy_lanes / kBusy);
    if (needed < static_cast<double>(lanes_)) wanted_ = std::max(lanes_ - 1, lanes_min_);
    return;
  }
  if (grown_from_ != 0 && speed.samples_a_second < kGain * grown_from_speed_.samples_a_second) {
    // More do not help; perhaps fewer would do.
    grow_after_ = now + kNoGainWait;
    return TryFewer(std::exchange(grown_from_, 0), grown_from_speed_);
  }
  grown_from_ = 0;
  if (slowed_.samples_a_second > 0) {
    const bool as_much = speed.samples_a_second >= slowed_.samples_a_second / kGain;
    slowed_ = {};
    grow_after_ = now + kNoGainWait;
    if (as_much) return TryFewer(lanes_, speed);
    wanted_ = slowed_from_;
    return;
  }
  const bool slower = before.seconds_a_request > 0 &&
                      speed.seconds_a_request > 2 * before.seconds_a_request &&
                      speed.samples_a_second < before.samples_a_second / kGain;
  if (!slower) {
    slow_epochs_ = 0;
  } else if (++slow_epochs_ == 1) {
    before_ = before;  // part of this epoch was as fast as before
    return;
  } else {
    slow_epochs_ = 0;
    return TryFewer(lanes_, speed);
  }
  const bool busy = busy_lanes >= kBusy * static_cast<double>(lanes_);
  if (busy && epoch.full * 2 >= epoch.answers) Grow(speed, now);
}

void LanePace::TryFewer(size_t lanes, const Speed& speed) {
  wanted_ = std::max(lanes / 2, lanes_min_);
  if (wanted_ >= lanes) {
    wanted_ = std::max(lanes, lanes_min_);
    return;
  }
  slowed_ = speed;
  slowed_from_ = lanes;
}

void LanePace::Grow(const Speed& speed, SteadyTime now) {
  if (now < grow_after_ || lanes_ >= lanes_max_) return;
  grown_from_ = lanes_;
  grown_from_speed_ = speed;
  wanted_ = std::min(lanes_ + std::max<size_t>(lanes_ / 2, 1), lanes_max_);
}

void LanePace::Halve(SteadyTime now) {
  wanted_ = std::max(std::min(wanted_, lanes_) / 2, lanes_min_);
  grown_from_ = 0;
  before_ = {};
  epoch_ = {now};
  grow_after_ = now + kRefusedWait;
}

void LanePace::OnRefused(SteadyTime now) {
  slowed_ = {};
  Halve(now);
}

}  // namespace limpet
