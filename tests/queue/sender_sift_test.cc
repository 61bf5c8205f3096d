#include "queue/sender_sift.h"

#include <doctest/doctest.h>

#include <deque>
#include <functional>
#include <random>
#include <vector>

using namespace limpet;

namespace {

struct Sample {
  int64_t time_ms;
  bool refused;
};

struct Outcome {
  int requests = 0;
  std::vector<size_t> given_up;
  std::vector<size_t> taken;
};

struct Part {
  size_t from;
  size_t to;
};

Batch Describe(const std::vector<Sample>& samples, Part part) {
  Batch batch;
  batch.samples = part.to - part.from;
  batch.oldest_ms = samples[part.from].time_ms;
  batch.newest_ms = samples[part.to - 1].time_ms;
  return batch;
}

size_t Middle(const std::vector<Sample>& samples, Part part, bool at_scrapes) {
  const size_t middle = (part.from + part.to) / 2;
  size_t best = part.from;
  for (size_t i = part.from + 1; at_scrapes && i < part.to; ++i) {
    const size_t off = i < middle ? middle - i : i - middle;
    const size_t best_off = best < middle ? middle - best : best - middle;
    if (samples[i].time_ms != samples[i - 1].time_ms && (best == part.from || off < best_off)) {
      best = i;
    }
  }
  return best == part.from ? middle : best;
}

// A batch of those samples, of scrapes one after the other, at a receiver that refuses some.
Outcome Sift(const std::vector<Sample>& samples, bool may_be_resent) {
  Batch all = Describe(samples, {0, samples.size()});
  all.may_be_resent = may_be_resent;
  SenderSift sift(all);
  Outcome outcome;
  std::deque<Part> parts = {{0, samples.size()}};
  while (!parts.empty()) {
    const Part part = parts.front();
    parts.pop_front();
    ++outcome.requests;
    bool refused = false;
    for (size_t i = part.from; i < part.to; ++i) refused = refused || samples[i].refused;
    if (refused && !sift.MayGiveUp(Describe(samples, part))) {
      const size_t middle = Middle(samples, part, sift.at_scrapes());
      parts.push_front({middle, part.to});
      parts.push_front({part.from, middle});
      continue;
    }
    if (!refused) sift.OnTaken(Describe(samples, part));
    for (size_t i = part.from; i < part.to; ++i) {
      (refused ? outcome.given_up : outcome.taken).push_back(i);
    }
  }
  return outcome;
}

}  // namespace

TEST_CASE("what was sent before a kill is told from what was not, scrape by scrape") {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const size_t series = 1 + random() % 40;
    const size_t scrapes = 1 + random() % 100;
    const unsigned sent_in_8 = random() % 9;
    std::vector<Sample> samples;
    size_t new_samples = 0;
    bool sent = false;
    for (size_t scrape = 0; scrape < scrapes; ++scrape) {
      if (random() % 3 == 0) sent = random() % 8 < sent_in_8;
      for (size_t i = 0; i < series; ++i) samples.push_back({static_cast<int64_t>(scrape), sent});
      new_samples += sent ? 0 : series;
    }
    const Outcome outcome = Sift(samples, true);
    CHECK(outcome.taken.size() == new_samples);
    CHECK(outcome.requests <= static_cast<int>(4 * scrapes + 129 * (1 + scrapes / 3)));
  }
}

TEST_CASE("one sample that is refused costs itself alone, of whatever batch") {
  for (const bool may_be_resent : {false, true}) {
    for (const size_t bad : {0u, 1u, 499u, 500u, 999u}) {
      std::vector<Sample> samples;
      for (int64_t i = 0; i < 1000; ++i) samples.push_back({i / 100, false});
      samples[bad].refused = true;
      const Outcome outcome = Sift(samples, may_be_resent);
      CHECK(outcome.given_up == std::vector<size_t>{bad});
      CHECK(outcome.requests < 30);
    }
  }
}

TEST_CASE("a receiver that refuses everything is not asked without end") {
  for (const bool may_be_resent : {false, true}) {
    std::vector<Sample> samples;
    for (int64_t i = 0; i < 5000; ++i) samples.push_back({may_be_resent ? i : i / 500, true});
    const Outcome outcome = Sift(samples, may_be_resent);
    CHECK(outcome.taken.empty());
    CHECK(outcome.requests <= (may_be_resent ? 2 * 1024 + 1 : 2 * 64 + 1));
  }
}
