// Runs of scrapes, and the limits of the requests that are made of them.
#include "queue/wire_request.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tests/queue/wire_fixture.h"

namespace limpet {
namespace {

std::shared_ptr<const SeriesBlock> Names(const std::string& names) {
  std::vector<std::vector<Label>> series;
  for (const char name : names) series.push_back({{"__name__", std::string(1, name)}});
  return Block(series);
}

OwnedScrape Row(const std::shared_ptr<const SeriesBlock>& layout,
                const std::shared_ptr<const LogTarget>& target, int64_t timestamp_ms) {
  return {layout, target, {}, std::vector<double>(layout->size(), 1), {}, timestamp_ms};
}

// With the lines of one series, which follow one another, as one.
std::string Joined(std::string text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const size_t labels = text.find("} ") + 1;
    if (!lines.empty() && lines.back().substr(0, labels) == text.substr(0, labels)) {
      lines.back() += text.substr(labels, end - labels);
    } else {
      lines.push_back(text.substr(0, end));
    }
    text.erase(0, end + 1);
  }
  std::string joined;
  for (const std::string& line : lines) joined += line + "\n";
  return joined;
}

TEST_CASE("a run takes scrapes of one target and layout, up to its limits") {
  const auto layout = Names("ab");
  const auto target = NewLogTarget(Labels{{"job", "j"}});
  ScrapeRun run;
  CHECK(run.empty());
  CHECK(run.series_end() == 0);
  const uint64_t id = run.id();
  CHECK(run.Append(Row(layout, target, 5).View()));
  CHECK_FALSE(run.Append(Row(Names("ab"), target, 6).View()));
  CHECK_FALSE(run.Append(Row(layout, NewLogTarget(Labels{{"job", "j"}}), 6).View()));
  CHECK(run.Append(Row(layout, target, 3).View()));
  CHECK(run.oldest_ms() == 3);
  while (run.rows() < ScrapeRun::kRowsMax) CHECK(run.Append(Row(layout, target, 9).View()));
  CHECK_FALSE(run.Append(Row(layout, target, 9).View()));
  CHECK(run.values() == 2 * ScrapeRun::kRowsMax);
  run.Clear();
  CHECK(run.empty());
  CHECK(run.id() != id);
  SeriesBlock::Builder builder;
  for (size_t i = 0; i < ScrapeRun::kValuesMax + 1; ++i) {
    builder.BeginSeries();
    builder.AddLabel("__name__", "a");
  }
  const auto huge = builder.Build();
  CHECK(run.Append(Row(huge, target, 1).View()));
  CHECK_FALSE(run.Append(Row(huge, target, 2).View()));
}

TEST_CASE("a request ends at its limits and the next one takes up there") {
  RandomScrapes random(3);
  for (int i = 0; i < 400; ++i) {
    const WireProtocol protocol = kBothProtocols[i % 2];
    const std::vector<OwnedScrape> rows = random.Rows(5);
    const ScrapeRun run = RunOf(rows);
    // Too few samples for a whole series, too, which then comes in pieces.
    const RequestLimits limits{1 + random.Below(9), 100 + random.Below(2000), INT64_MIN};
    WireMemory memory(SystemClock());
    RequestBuilder builder(SystemClock(), memory, {});
    builder.SetProtocol(protocol);
    std::string text;
    uint64_t samples = 0;
    CAPTURE(i);
    for (size_t next = 0; next < run.series_end();) {
      next = builder.Add(run, next, limits);
      REQUIRE(builder.samples() >= 1);
      CHECK(builder.samples() <= limits.samples_max);
      if (builder.series() > 1) CHECK(builder.message_bytes() <= limits.bytes_max);
      CHECK((next == run.series_end() || builder.no_room()));
      const Batch batch = builder.Seal();
      samples += batch.samples;
      text += SamplesTextOf(batch);
    }
    CHECK(samples == run.values());
    const auto distinct = [](const std::vector<OwnedScrape>& scrapes) {
      std::set<std::string> names;
      const auto& layout = *scrapes.front().layout;
      for (size_t k = 0; k < layout.size(); ++k) names.insert(std::string(layout.Encoded(k)));
      return names.size() == layout.size();
    };
    if (!distinct(rows)) continue;
    std::string expected = ExpectedText(rows, {}, {}, WireProtocol::kV1);
    std::vector<std::string> exemplars = TakeExemplars(text);
    std::vector<std::string> expected_exemplars = TakeExemplars(expected);
    CHECK(Joined(text) == Joined(expected));
    std::ranges::sort(exemplars);
    std::ranges::sort(expected_exemplars);
    CHECK(exemplars == expected_exemplars);
  }
}

TEST_CASE("a call looks at no more values than it is told, whether they are kept or not") {
  const OwnedScrape scrape{Block({{{"__name__", "a"}},
                                  {{"__name__", "b"}},
                                  {{"__name__", "c"}},
                                  {{"__name__", "d"}},
                                  {{"__name__", "e"}}}),
                           NewLogTarget(Labels{{"job", "j"}}),
                           {},
                           {1, 2, 3, 4, 5},
                           {}};
  const std::vector<std::vector<RelabelRule>> rule_sets = {
      {},
      {Rule(RelabelAction::kDrop, {"__name__"}, ".")},
      {Rule(RelabelAction::kDrop, {"job"}, "j")}};
  for (const auto& rules : rule_sets) {
    WireMemory memory(SystemClock());
    RequestBuilder builder(SystemClock(), memory, rules);
    const RequestLimits limits{100, SIZE_MAX, INT64_MIN, 2};
    const ScrapeRun run = RunOf({scrape});
    CHECK(builder.Add(run, 0, limits) == 2);
    CHECK(builder.values_looked_at() == 2);
    CHECK_FALSE(builder.no_room());
    CHECK(builder.samples() + builder.samples_relabelled_away() == 2);
    CHECK(builder.Add(run, 2, limits) == 4);
    CHECK(builder.Add(run, 4, limits) == 5);
    CHECK_FALSE(builder.no_room());
    CHECK(builder.samples() + builder.samples_relabelled_away() == 5);
  }
  WireMemory memory(SystemClock());
  RequestBuilder builder(SystemClock(), memory, {});
  CHECK(builder.Add(RunOf({scrape}), 0, {3, SIZE_MAX, INT64_MIN, 4}) == 3);
  CHECK(builder.no_room());
}

TEST_CASE("samples before the age limit are left out and counted") {
  const OwnedScrape scrape{Block({{{"__name__", "a"}}, {{"__name__", "b"}}, {{"__name__", "c"}}}),
                           NewLogTarget({}),
                           {},
                           {1, 2, 3},
                           {100, 300, 200}};
  WireMemory memory(SystemClock());
  RequestBuilder builder(SystemClock(), memory, {});
  CHECK(builder.Add(RunOf({scrape}), 0, {100, SIZE_MAX, 200}) == 3);
  CHECK(builder.samples_too_old() == 1);
  const Batch batch = builder.Seal();
  CHECK(batch.samples == 2);
  CHECK(batch.oldest_ms == 200);
  CHECK(batch.newest_ms == 300);

  // Of a run's rows the first ones; they are counted once, also where the series finds no room.
  const auto target = NewLogTarget({});
  const auto layout = Names("ab");
  const ScrapeRun run =
      RunOf({Row(layout, target, 100), Row(layout, target, 200), Row(layout, target, 300)});
  RequestBuilder other(SystemClock(), memory, {});
  CHECK(other.Add(run, 0, {3, SIZE_MAX, 200}) == 1);
  CHECK(other.samples_too_old() == 1);
  CHECK(other.Seal().oldest_ms == 200);
  CHECK(other.Add(run, 1, {3, SIZE_MAX, 200}) == 2);
  CHECK(other.samples_too_old() == 2);
  CHECK(other.Seal().samples == 2);
}

TEST_CASE("the protocol changes with the next request, and symbols are of one request") {
  const auto target = NewLogTarget(Labels{{"job", "j"}});
  WireMemory memory(SystemClock());
  RequestBuilder builder(SystemClock(), memory, {});
  const ScrapeRun run = RunOf({Row(Names("ab"), target, 1)});
  builder.Add(run, 0, kNoLimits);
  builder.SetProtocol(WireProtocol::kV2);
  builder.Add(run, 0, kNoLimits);
  CHECK(builder.Seal().protocol == WireProtocol::kV1);
  builder.Add(run, 0, kNoLimits);
  builder.Add(run, 0, kNoLimits);
  const size_t bytes = builder.message_bytes();
  const Batch batch = builder.Seal();
  CHECK(batch.protocol == WireProtocol::kV2);
  CHECK(batch.samples == 4);
  CHECK(TextOf(batch).find("{__name__=b,job=j}") != std::string::npos);
  builder.Add(run, 0, kNoLimits);
  CHECK(builder.message_bytes() < bytes);
  CHECK(TextOf(builder.Seal()).find("{__name__=a,job=j}") == 0);
}

}  // namespace
}  // namespace limpet
