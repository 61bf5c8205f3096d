#include "queue/retry_policy.h"

#include <doctest/doctest.h>

#include <set>

namespace limpet {
namespace {

TEST_CASE("each answer leads to what the table says") {
  const std::set<int> retried = {408, 429};
  const std::set<int> held = {401, 403, 404, 407, 415};
  for (int status = 0; status < 1000; ++status) {
    Decision expected = Decision::kRetry;
    if (status / 100 == 2) expected = Decision::kDelivered;
    if (status / 100 == 3 || held.contains(status)) expected = Decision::kHold;
    if (status / 100 == 4 && !held.contains(status) && !retried.contains(status)) {
      expected = Decision::kDrop;
      if (status == 413) expected = Decision::kSplit;
      if (status == 400) expected = Decision::kSift;
    }
    CAPTURE(status);
    CHECK(Decide(status) == expected);
  }
}

TEST_CASE("Retry-After is read in seconds and as a date") {
  constexpr int64_t kNowMs = 784111777'000;  // Sun, 06 Nov 1994 08:49:37 GMT
  CHECK(ParseRetryAfter("0", kNowMs) == Millis(0));
  CHECK(ParseRetryAfter(" 7 ", kNowMs) == Millis(7000));
  CHECK(ParseRetryAfter("Sun, 06 Nov 1994 08:49:40 GMT", kNowMs) == Millis(3000));
  CHECK(ParseRetryAfter("Sunday, 06-Nov-94 08:49:40 GMT", kNowMs) == Millis(3000));
  CHECK(ParseRetryAfter("Sun Nov  6 08:49:40 1994", kNowMs) == Millis(3000));
}

TEST_CASE("Retry-After is bounded, and nonsense is none") {
  constexpr int64_t kNowMs = 784111777'000;
  CHECK(ParseRetryAfter("86400", kNowMs) == kRetryAfterMax);
  CHECK(ParseRetryAfter("99999999999999999999999", kNowMs) == kRetryAfterMax);
  CHECK(ParseRetryAfter("Sun, 06 Nov 2094 08:49:40 GMT", kNowMs) == kRetryAfterMax);
  CHECK(ParseRetryAfter("Sun, 06 Nov 1994 08:49:30 GMT", kNowMs) == Millis(0));
  for (const char* text : {"", "soon", "-1", "1.5", "3s", "Sun, 06 Nov 1994 08:49:40 CET",
                           "Sun, 06 Nov 1994 08:49:40 GMT+1"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseRetryAfter(text, kNowMs));
  }
  CHECK_FALSE(ParseRetryAfter(std::string(100, '1'), kNowMs));
}

TEST_CASE("a connection gets 5 s at most, and now and then longer") {
  int patient = 0;
  for (int failures = 0; failures < 60; ++failures) {
    const Millis timeout = ConnectTimeout(failures);
    CHECK((timeout <= Millis(5000) || timeout > Millis(10'000)));
    patient += timeout > Millis(5000) ? 1 : 0;
  }
  CHECK(ConnectTimeout(0) <= Millis(5000));
  CHECK(patient == 10);
}

TEST_CASE("back-off doubles up to its maximum, the upper half left to chance") {
  const Millis min(250);
  const Millis max(5000);
  CHECK(Backoff(1, min, max, 0) == Millis(125));
  CHECK(Backoff(1, min, max, 0.999) == Millis(249));
  CHECK(Backoff(2, min, max, 0) == Millis(250));
  CHECK(Backoff(5, min, max, 0) == Millis(2000));
  CHECK(Backoff(6, min, max, 0) == Millis(2500));
  for (const int failures : {6, 7, 60, 6000, INT32_MAX}) {
    CHECK(Backoff(failures, min, max, 0) == Millis(2500));
    CHECK(Backoff(failures, min, max, 0.9999) <= max);
  }
  CHECK(Backoff(3, Millis(0), Millis(0), 0.5) == Millis(1));
  CHECK(Backoff(3, Millis(10), Millis(1), 0) == Millis(5));
}

}  // namespace
}  // namespace limpet
