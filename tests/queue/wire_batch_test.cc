// What is done with batches after they are made, on their bytes: both protocols.
#include "queue/wire_batch.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "tests/queue/wire_fixture.h"

namespace limpet {
namespace {

// A batch of several targets.
Batch RandomBatch(RandomScrapes& random, WireProtocol protocol) {
  WireMemory memory(SystemClock());
  RequestBuilder builder(SystemClock(), memory, {});
  builder.SetProtocol(protocol);
  for (size_t targets = 1 + random.Below(3); targets > 0; --targets) {
    builder.Add(RunOf(random.Rows(6)), 0, kNoLimits);
  }
  return builder.Seal();
}

// A line a sample, with its series' labels and metadata.
std::vector<std::string> SampleLines(const Batch& batch, bool with_metadata = true) {
  std::vector<std::string> lines;
  std::string all = with_metadata ? TextOf(batch) : SamplesTextOf(batch);
  TakeExemplars(all);
  std::istringstream text(all);
  for (std::string line; std::getline(text, line);) {
    // {labels} value @time value @time type=...
    const size_t labels = line.find("} ") + 1;
    const size_t metadata = std::min(line.find(" type="), line.size());
    std::istringstream samples(line.substr(labels, metadata - labels));
    for (std::string value, time; samples >> value >> time;) {
      lines.push_back(line.substr(0, labels) + line.substr(metadata) + " " + value + " " + time);
    }
  }
  CHECK(lines.size() == batch.samples);
  return lines;
}

std::vector<std::string> ExemplarsOf(const std::vector<Batch>& batches) {
  std::vector<std::string> exemplars;
  for (const Batch& batch : batches) {
    std::string text = SamplesTextOf(batch);
    for (std::string& exemplar : TakeExemplars(text)) exemplars.push_back(std::move(exemplar));
  }
  std::ranges::sort(exemplars);
  return exemplars;
}

TEST_CASE("a batch is halved by its series, a lone series by its samples") {
  RandomScrapes random(11);
  for (int i = 0; i < 300; ++i) {
    const Batch whole = RandomBatch(random, kBothProtocols[i % 2]);
    CAPTURE(i);
    const std::vector<Batch> halves = HalvesOf(whole);
    REQUIRE(halves.size() == (whole.samples == 1 ? 1 : 2));
    std::vector<std::string> lines;
    for (const Batch& half : halves) {
      CHECK(half.protocol == whole.protocol);
      CHECK(half.series <= (whole.series + 1) / 2);
      if (whole.series == 1) CHECK(half.samples <= (whole.samples + 1) / 2);
      const std::vector<std::string> more = SampleLines(half);
      lines.insert(lines.end(), more.begin(), more.end());
    }
    CHECK(lines == SampleLines(whole));
    CHECK(ExemplarsOf(halves) == ExemplarsOf({whole}));
  }
}

TEST_CASE(
    "halving goes on down to single samples, each a whole message without what it needs not") {
  RandomScrapes random(12);
  const Batch whole = RandomBatch(random, WireProtocol::kV2);
  std::vector<Batch> parts = {whole};
  while (std::any_of(parts.begin(), parts.end(), [](const Batch& b) { return b.samples > 1; })) {
    std::vector<Batch> smaller;
    for (const Batch& part : parts) {
      for (Batch& half : HalvesOf(part)) smaller.push_back(std::move(half));
    }
    parts = std::move(smaller);
  }
  std::vector<std::string> lines;
  for (const Batch& part : parts) lines.push_back(SampleLines(part).at(0));
  CHECK(lines == SampleLines(whole));
  CHECK(ExemplarsOf(parts) == ExemplarsOf({whole}));
  if (whole.series > 1) CHECK(parts.front().body.size() < whole.body.size());
}

TEST_CASE("samples that have grown too old are taken out of a batch") {
  RandomScrapes random(13);
  for (int i = 0; i < 300; ++i) {
    const Batch whole = RandomBatch(random, kBothProtocols[i % 2]);
    const int64_t oldest_ms = i % 3 == 0 ? 128 : 1'700'000'030'000;
    std::vector<std::string> expected = SampleLines(whole);
    std::erase_if(expected, [&](const std::string& line) {
      return std::stoll(line.substr(line.rfind('@') + 1)) < oldest_ms;
    });
    const Batch young = WithoutOlderThan(whole, oldest_ms);
    CAPTURE(i);
    REQUIRE(young.samples == expected.size());
    if (young.samples == 0) continue;
    CHECK(young.protocol == whole.protocol);
    CHECK(SampleLines(young) == expected);
  }
}

TEST_CASE("a batch goes over to the other protocol with all its samples") {
  RandomScrapes random(14);
  for (int i = 0; i < 300; ++i) {
    const WireProtocol from = kBothProtocols[i % 2];
    const WireProtocol to = kBothProtocols[1 - i % 2];
    const Batch batch = RandomBatch(random, from);
    CAPTURE(i);
    const Batch other = ToProtocol(batch, to).value();
    CHECK(other.protocol == to);
    CHECK(SampleLines(*ToProtocol(other, from), false) == SampleLines(batch, false));
    CHECK(SampleLines(other, false) == SampleLines(batch, false));
    CHECK(ExemplarsOf({other}) == ExemplarsOf({batch}));
    CHECK(ToProtocol(batch, from)->body == batch.body);
  }
}

TEST_CASE("a body that is none of ours comes to nothing") {
  for (const WireProtocol protocol : kBothProtocols) {
    const Batch strange{"no snappy", protocol, 4, 4, 0, 0};
    CHECK(HalvesOf(strange).empty());
    CHECK(WithoutOlderThan(strange, 0).samples == 0);
    for (const WireProtocol to : kBothProtocols) {
      if (to != protocol) CHECK_FALSE(ToProtocol(strange, to));
    }
  }
  // A 1.0 message that says it is 2.0.
  RandomScrapes random(15);
  Batch wrong = RandomBatch(random, WireProtocol::kV1);
  wrong.protocol = WireProtocol::kV2;
  CHECK(HalvesOf(wrong).empty());
}

}  // namespace
}  // namespace limpet
