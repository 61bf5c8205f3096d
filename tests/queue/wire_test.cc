// The Remote-Write encoders, 1.0 and 2.0, held against one made of generated messages.
#include "queue/wire.h"

#include <doctest/doctest.h>

#include "tests/queue/wire_fixture.h"

namespace limpet {
namespace {

Batch Encode(const std::vector<OwnedScrape>& rows, const Labels& external,
             const std::vector<RelabelRule>& rules, WireProtocol protocol) {
  WireMemory memory(SystemClock());
  RequestBuilder builder(SystemClock(), memory, rules);
  builder.SetExternalLabels(external);
  builder.SetProtocol(protocol);
  const ScrapeRun run = RunOf(rows);
  CHECK(builder.Add(run, 0, kNoLimits) == run.series_end());
  CHECK(builder.values_looked_at() == run.values());
  CHECK(builder.samples() + builder.samples_relabelled_away() == run.values());
  return builder.Seal();
}

TEST_CASE("varints of every length come back") {
  for (int bit = 0; bit < 64; ++bit) {
    for (const uint64_t value : {uint64_t{1} << bit, (uint64_t{1} << bit) - 1}) {
      char bytes[kVarintBytesMax];
      std::string_view written(bytes, static_cast<size_t>(WriteVarint(bytes, value) - bytes));
      CHECK(written.size() == VarintSize(value));
      uint64_t read = 0;
      CHECK(ReadVarint(written, read));
      CHECK(read == value);
      CHECK(written.empty());
    }
  }
  std::string_view cut("\xff\xff", 2);
  uint64_t read = 0;
  CHECK_FALSE(ReadVarint(cut, read));
  std::string_view endless("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11);
  CHECK_FALSE(ReadVarint(endless, read));
}

TEST_CASE("outer labels are merged in order of name, the series' own first") {
  const OwnedScrape scrape{
      Block({{{"__name__", "m"}, {"cpu", "0"}, {"mode", "idle"}},
             {{"__name__", "m"}, {"instance", "mine"}},
             {{"__name__", "m"}, {"cluster", ""}, {"instance", ""}, {"job", ""}}}),
      NewLogTarget(Labels{{"instance", "i"}, {"job", "j"}}),
      {},
      {1, 2, 3},
      {}};
  const Labels external{{"cluster", "c"}, {"job", "external"}, {"zone", "z"}};
  const std::string expected =
      "{__name__=m,cluster=c,cpu=0,instance=i,job=j,mode=idle,zone=z} 1/3ff0000000000000 "
      "@1700000000123\n"
      "{__name__=m,cluster=c,instance=mine,job=j,zone=z} 2/4000000000000000 @1700000000123\n"
      "{__name__=m,cluster=c,job=external,zone=z} 3/4008000000000000 @1700000000123\n";
  for (const WireProtocol protocol : kBothProtocols) {
    CHECK(SamplesTextOf(Encode({scrape}, external, {}, protocol)) == expected);
  }
}

TEST_CASE("random runs are encoded as the generated messages are") {
  RandomScrapes random(20240601);
  for (int i = 0; i < 1500; ++i) {
    const std::vector<OwnedScrape> rows = random.Rows(i % 2 == 0 ? 1 : 9);
    const Labels external(random.Set(false));
    CAPTURE(i);
    for (const WireProtocol protocol : kBothProtocols) {
      REQUIRE(TextOf(Encode(rows, external, {}, protocol)) ==
              ExpectedText(rows, external, {}, protocol));
    }
  }
}

TEST_CASE("write_relabel_configs that leave the outer labels alone, and others") {
  const std::vector<std::vector<RelabelRule>> rule_sets = {
      {Rule(RelabelAction::kDrop, {"__name__"}, "metric_[01]")},
      {Rule(RelabelAction::kKeep, {"cpu"}, "x")},
      {Rule(RelabelAction::kReplace, {"__name__"}, "metric_(.*)", "aa_number")},
      {Rule(RelabelAction::kReplace, {"cpu", "mode"}, "(.*)", "zz", "<$1>")},
      {Rule(RelabelAction::kLabelDrop, {}, "cpu|mode")},
      {Rule(RelabelAction::kDrop, {"job"}, "x")},
      {Rule(RelabelAction::kReplace, {"instance"}, "([^:]+):.*", "host")},
      {Rule(RelabelAction::kReplace, {}, "(.*)", "job", "")},
      {Rule(RelabelAction::kLabelDrop, {}, "pod.*|instance")},
      {Rule(RelabelAction::kLabelMap, {}, "(p.*)", "", "copy_$1")},
      {Rule(RelabelAction::kLabelDrop, {}, ".*")},
  };
  RandomScrapes random(7);
  for (int i = 0; i < 1500; ++i) {
    const std::vector<OwnedScrape> rows = random.Rows(i % 2 == 0 ? 1 : 5);
    const Labels external(random.Set(false));
    const size_t rules = random.Below(rule_sets.size());
    CAPTURE(i);
    CAPTURE(rules);
    for (const WireProtocol protocol : kBothProtocols) {
      REQUIRE(TextOf(Encode(rows, external, rule_sets[rules], protocol)) ==
              ExpectedText(rows, external, rule_sets[rules], protocol));
    }
  }
}

TEST_CASE("rules that cannot see the outer labels are applied once a layout") {
  const auto layout = Block({{{"__name__", "a"}, {"x", "1"}}, {{"__name__", "b"}, {"job", ""}}});
  OuterLabels outer;
  const Labels target{{"job", "j"}};
  outer.Set(target, {});

  WriteRelabel drops(SystemClock(), {Rule(RelabelAction::kDrop, {"__name__"}, "a")});
  CHECK(drops.IndependentOf(outer));
  const RelabeledLayout& kept = drops.Layout(layout);
  CHECK(kept.block == layout);
  CHECK(kept.series == std::vector<uint32_t>{RelabeledLayout::kDropped, 1});
  CHECK(&drops.Layout(layout) == &kept);

  WriteRelabel changes(SystemClock(), {Rule(RelabelAction::kLabelDrop, {}, "x")});
  CHECK(changes.IndependentOf(outer));
  const RelabeledLayout& changed = changes.Layout(layout);
  CHECK(changed.block->LabelsOf(0).ToString() == "{__name__=\"a\"}");
  // The empty label goes on keeping the target's away.
  CHECK(changed.block->Encoded(1) == layout->Encoded(1));

  WriteRelabel reads(SystemClock(), {Rule(RelabelAction::kDrop, {"job"}, "a")});
  CHECK_FALSE(reads.IndependentOf(outer));

  // What is known of the metrics stays with the series.
  SeriesBlock::Builder described;
  described.BeginSeries();
  described.AddLabel("__name__", "gone");
  described.BeginSeries(1);
  described.AddLabel("__name__", "kept");
  described.AddLabel("x", "1");
  const auto block = described.Build(std::make_shared<const MetadataTable>(
      MetadataTable{{}, {MetricType::kGauge, "Help.", "bytes"}}));
  WriteRelabel both(SystemClock(), {Rule(RelabelAction::kDrop, {"__name__"}, "gone"),
                                    Rule(RelabelAction::kLabelDrop, {}, "x")});
  CHECK(both.Layout(block).block->MetadataOf(0).help == "Help.");
}

TEST_CASE("plans are shared by targets with the same label names and go when out of use") {
  const auto layout = Block({{{"__name__", "a"}}});
  WireMemory memory(SystemClock());
  OuterLabels outer;
  for (const char* instance : {"one", "two", "three"}) {
    const Labels target{{"instance", instance}};
    outer.Set(target, {});
    memory.plans.Get(*layout, outer);
  }
  CHECK(memory.plans.size() == 1);
  const Labels target{{"instance", "one"}};
  const Labels external{{"zone", "z"}};
  outer.Set(target, external);
  memory.plans.Get(*layout, outer);
  CHECK(memory.plans.size() == 2);

  PlanCache small(SystemClock(), 4096);
  for (int i = 0; i < 1000; ++i) small.Get(*Block({{{"__name__", "a"}}}), outer);
  CHECK(small.size() < 50);
}

}  // namespace
}  // namespace limpet
