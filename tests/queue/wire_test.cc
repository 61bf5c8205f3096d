// The Remote-Write 1.0 encoder, held against one made of generated messages.
#include "queue/wire.h"

#include <doctest/doctest.h>

#include <limits>
#include <random>

#include "queue/wire_request.h"
#include "tests/queue/slow_encoder.h"

namespace limpet {
namespace {

constexpr RequestLimits kNoLimits{UINT64_MAX, SIZE_MAX, INT64_MIN};

RelabelRule Rule(RelabelAction action, std::vector<std::string> source, const std::string& regex,
                 std::string target = "", std::string replacement = "$1") {
  RelabelRule rule;
  rule.action = action;
  rule.source_labels = std::move(source);
  rule.regex = AnchoredRegex::Compile(regex).value();
  rule.target_label = std::move(target);
  rule.replacement = std::move(replacement);
  return rule;
}

// A scrape that owns what the view points to.
struct OwnedScrape {
  std::shared_ptr<const SeriesBlock> layout;
  std::shared_ptr<const LogTarget> target;
  std::vector<uint32_t> series;
  std::vector<double> values;
  std::vector<int64_t> timestamps;
  ScrapeView View() const {
    return {layout, target, 1'700'000'000'123, series, values, timestamps};
  }
};

std::shared_ptr<const SeriesBlock> Block(const std::vector<std::vector<Label>>& series) {
  SeriesBlock::Builder builder;
  for (const auto& labels : series) {
    builder.BeginSeries();
    for (const Label& label : labels) builder.AddLabel(label.name, label.value);
  }
  return builder.Build();
}

std::string FastText(const ScrapeView& scrape, const Labels& external,
                     const std::vector<RelabelRule>& rules) {
  WireMemory memory(SystemClock());
  RequestBuilder builder(SystemClock(), memory, rules);
  builder.SetExternalLabels(external);
  CHECK(builder.Add(scrape, 0, kNoLimits) == scrape.values.size());
  const uint64_t samples = builder.samples();
  const Batch batch = builder.Seal();
  const auto request = DecodeBody(batch.body);
  CHECK(batch.samples == samples);
  CHECK(static_cast<uint64_t>(request.timeseries_size()) == samples);
  return ToText(request);
}

std::string SlowText(const ScrapeView& scrape, const Labels& external,
                     const std::vector<RelabelRule>& rules) {
  remote_write_v1::WriteRequest request;
  SlowEncode(scrape, external, rules, request);
  return ToText(request);
}

// Label sets that meet in few names, so that every kind of conflict occurs.
class RandomScrapes {
 public:
  explicit RandomScrapes(uint32_t seed) : random_(seed) {}

  size_t Below(size_t n) { return random_() % n; }

  std::string Value(bool may_be_empty) {
    static const std::vector<std::string> values = {"x", "eu-west-1", "10.0.0.1:9100", "v;$1"};
    if (may_be_empty && Below(6) == 0) return "";
    if (Below(40) == 0) return std::string(100 + Below(100), 'l');
    if (Below(400) == 0) return std::string(70'000 + Below(70'000), 'L');
    return values[Below(values.size())];
  }
  std::vector<Label> Set(bool may_be_empty) {
    static const std::vector<std::string> names = {
        "a",    "app",       "cluster", "cpu",           "instance", "job",
        "mode", "namespace", "pod",     "pod_nam\u00e9", "zone"};
    std::vector<Label> labels;
    const size_t one_in = 1 + Below(4);
    for (const std::string& name : names) {
      if (Below(one_in) == 0) labels.push_back({name, Value(may_be_empty)});
    }
    return labels;
  }
  OwnedScrape Scrape() {
    std::vector<std::vector<Label>> series(1 + Below(12));
    for (auto& labels : series) {
      labels = Set(true);
      labels.insert(labels.begin(), {"__name__", "metric_" + std::to_string(Below(5))});
    }
    OwnedScrape scrape{Block(series), NewLogTarget(Labels(Set(false))), {}, {}, {}};
    const bool all = Below(2) == 0;
    for (uint32_t i = 0; i < series.size(); ++i) {
      if (!all && Below(2) == 0) continue;
      if (!all) scrape.series.push_back(i);
      scrape.values.push_back(SampleValue());
    }
    if (scrape.values.empty()) return Scrape();
    if (Below(2) == 0) {
      for (size_t i = 0; i < scrape.values.size(); ++i) scrape.timestamps.push_back(Timestamp());
    }
    return scrape;
  }

 private:
  double SampleValue() {
    static const std::vector<double> values = {0.0,
                                               -0.0,
                                               1.0,
                                               0.1,
                                               StaleNan(),
                                               std::bit_cast<double>(kNormalNanBits),
                                               std::numeric_limits<double>::infinity(),
                                               -1e-308};
    return values[Below(values.size())];
  }
  int64_t Timestamp() {
    static const std::vector<int64_t> times = {0,         1,        -1, 127, 128, 1'700'000'000'000,
                                               INT64_MAX, INT64_MIN};
    return times[Below(times.size())];
  }
  std::mt19937 random_;
};

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
  CHECK(FastText(scrape.View(), external, {}) == expected);
  CHECK(SlowText(scrape.View(), external, {}) == expected);
}

TEST_CASE("random label sets are encoded as the generated messages are") {
  RandomScrapes random(20240601);
  for (int i = 0; i < 2000; ++i) {
    const OwnedScrape scrape = random.Scrape();
    const Labels external(random.Set(false));
    CAPTURE(i);
    REQUIRE(FastText(scrape.View(), external, {}) == SlowText(scrape.View(), external, {}));
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
  for (int i = 0; i < 2000; ++i) {
    const OwnedScrape scrape = random.Scrape();
    const Labels external(random.Set(false));
    const size_t rules = random.Below(rule_sets.size());
    CAPTURE(i);
    CAPTURE(rules);
    REQUIRE(FastText(scrape.View(), external, rule_sets[rules]) ==
            SlowText(scrape.View(), external, rule_sets[rules]));
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
}

TEST_CASE("a request ends at its limits and the next one takes up there") {
  RandomScrapes random(3);
  for (int i = 0; i < 300; ++i) {
    const OwnedScrape scrape = random.Scrape();
    const ScrapeView view = scrape.View();
    const RequestLimits limits{1 + random.Below(5), 100 + random.Below(2000), INT64_MIN};
    WireMemory memory(SystemClock());
    RequestBuilder builder(SystemClock(), memory, {});
    std::string text;
    for (size_t next = 0; next < view.values.size();) {
      next = builder.Add(view, next, limits);
      CHECK(builder.samples() >= 1);
      CHECK(builder.samples() <= limits.samples_max);
      if (builder.samples() > 1) CHECK(builder.message().size() <= limits.bytes_max);
      text += ToText(DecodeBody(builder.Seal().body));
    }
    CHECK(text == SlowText(view, {}, {}));
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
    CHECK(builder.Add(scrape.View(), 0, limits) == 2);
    CHECK_FALSE(builder.no_room());
    CHECK(builder.samples() + builder.samples_relabelled_away() == 2);
    CHECK(builder.Add(scrape.View(), 2, limits) == 4);
    CHECK(builder.Add(scrape.View(), 4, limits) == 5);
    CHECK_FALSE(builder.no_room());
    CHECK(builder.samples() + builder.samples_relabelled_away() == 5);
  }
  WireMemory memory(SystemClock());
  RequestBuilder builder(SystemClock(), memory, {});
  CHECK(builder.Add(scrape.View(), 0, {3, SIZE_MAX, INT64_MIN, 4}) == 3);
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
  CHECK(builder.Add(scrape.View(), 0, {100, SIZE_MAX, 200}) == 3);
  CHECK(builder.samples_too_old() == 1);
  const Batch batch = builder.Seal();
  CHECK(batch.samples == 2);
  CHECK(batch.oldest_ms == 200);
  CHECK(batch.newest_ms == 300);
}

TEST_CASE("a batch is halved and thinned out on its bytes") {
  RandomScrapes random(11);
  for (int i = 0; i < 300; ++i) {
    const OwnedScrape scrape = random.Scrape();
    WireMemory memory(SystemClock());
    RequestBuilder builder(SystemClock(), memory, {});
    builder.Add(scrape.View(), 0, kNoLimits);
    const Batch whole = builder.Seal();
    const std::vector<Batch> halves = HalvesOf(whole);
    REQUIRE(halves.size() == (whole.samples == 1 ? 1 : 2));
    std::string text;
    uint64_t samples = 0;
    for (const Batch& half : halves) {
      text += ToText(DecodeBody(half.body));
      samples += half.samples;
      CHECK(half.samples <= (whole.samples + 1) / 2);
      CHECK(half.oldest_ms >= whole.oldest_ms);
      CHECK(half.newest_ms <= whole.newest_ms);
    }
    CHECK(text == ToText(DecodeBody(whole.body)));
    CHECK(samples == whole.samples);

    const Batch young = WithoutOlderThan(whole, 128);
    auto request = DecodeBody(whole.body);
    auto* all = request.mutable_timeseries();
    for (int k = all->size(); k-- > 0;) {
      if (all->at(k).samples(0).timestamp() < 128) all->erase(all->begin() + k);
    }
    CHECK(young.samples == static_cast<uint64_t>(all->size()));
    if (young.samples > 0) CHECK(ToText(DecodeBody(young.body)) == ToText(request));
  }
  CHECK(HalvesOf({"no snappy", 4, 0, 0}).empty());
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
