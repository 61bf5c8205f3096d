// Native histograms and exemplars in requests: the rules that random runs do not show.
#include "queue/wire_attachments.h"

#include <doctest/doctest.h>

#include "tests/queue/wire_fixture.h"

namespace limpet {
namespace {

constexpr WireContents kNoCustomBuckets{true, false, true};

// One series; a row each with a histogram where `kinds` has an h, custom buckets for c, a plain
// sample for p, all with the same exemplar.
std::vector<OwnedScrape> Rows(const std::string& kinds) {
  static const auto layout = Block({{{"__name__", "a"}}});
  static const auto target = NewLogTarget(Labels{{"job", "j"}});
  std::vector<OwnedScrape> rows;
  for (const char kind : kinds) {
    OwnedScrape& row = rows.emplace_back(OwnedScrape{layout, target, {}, {1}, {}});
    row.timestamp_ms = static_cast<int64_t>(rows.size());
    if (kind == 'h') row.attachments.histograms = {{0, HistogramMessage(3)}};
    if (kind == 'c') row.attachments.histograms = {{0, CustomBucketsMessage(3)}};
    row.attachments.exemplars = {{0, ExemplarLabels("t"), 0.5, 1}};
  }
  return rows;
}

// h, c, p for each sample, | between time series, # for each exemplar.
std::string KindsOf(const Batch& batch) {
  std::string kinds;
  const Batch v1 = ToProtocol(batch, WireProtocol::kV1).value();
  const auto request = DecodeBody(v1.body);
  for (const auto& series : request.timeseries()) {
    if (!kinds.empty()) kinds += '|';
    kinds.append(static_cast<size_t>(series.samples_size()), 'p');
    for (const auto& histogram : series.histograms()) kinds += histogram.schema() < 0 ? 'c' : 'h';
    kinds.append(static_cast<size_t>(series.exemplars_size()), '#');
  }
  return kinds;
}

TEST_CASE("stretches of histograms and of plain samples are time series of their own, in order") {
  for (const WireProtocol protocol : kBothProtocols) {
    WireMemory memory(SystemClock());
    RequestBuilder builder(SystemClock(), memory, {});
    builder.SetProtocol(protocol);
    const ScrapeRun run = RunOf(Rows("hhphcpp"));
    CHECK(builder.Add(run, 0, kNoLimits) == 1);
    const Batch batch = builder.Seal();
    CHECK(batch.series == 4);
    CHECK(batch.samples == 7);
    CHECK(batch.histograms == 4);
    // What the samples of a stretch repeat is there once.
    CHECK(KindsOf(batch) == "hh#|p#|hc#|pp#");
  }
}

TEST_CASE("what a message may not have is left out in the order of the rest") {
  WireMemory memory(SystemClock());
  RequestBuilder builder(SystemClock(), memory, {});
  const ScrapeRun run = RunOf(Rows("hcpch"));
  builder.SetProtocol(WireProtocol::kV1, kNoCustomBuckets);
  builder.Add(run, 0, kNoLimits);
  CHECK(KindsOf(builder.Seal()) == "h#|p#|h#");
  CHECK(builder.left_out(LeftOut::kCustomBuckets).samples == 2);
  CHECK(builder.left_out(LeftOut::kCustomBuckets).histograms == 2);
  builder.SetProtocol(WireProtocol::kV1, {false, false, false});
  builder.Add(run, 0, kNoLimits);
  CHECK(KindsOf(builder.Seal()) == "p");
  CHECK(builder.left_out(LeftOut::kHistogramsNotEnabled).histograms == 4);
  CHECK(builder.left_out(LeftOut::kExemplarsNotEnabled).exemplars == 1);
  CHECK(builder.left_out(LeftOut::kExemplarsNotEnabled).samples == 0);
}

TEST_CASE("what is left out is counted once, also where the rest waits for room") {
  WireMemory memory(SystemClock());
  RequestBuilder builder(SystemClock(), memory, {});
  builder.SetProtocol(WireProtocol::kV1, kNoCustomBuckets);
  const ScrapeRun run = RunOf(Rows("chpchcphc"));
  const RequestLimits limits{1, SIZE_MAX, 2};
  std::string kinds;
  for (size_t next = 0; next < run.series_end();) {
    next = builder.Add(run, next, limits);
    if (builder.samples() > 0) kinds += KindsOf(builder.Seal()) + " ";
  }
  CHECK(kinds == "h# p# h# p# h# ");
  CHECK(builder.left_out(LeftOut::kCustomBuckets).samples == 3);
  CHECK(builder.samples_too_old() == 1);
}

TEST_CASE("a batch that changes its protocol leaves out what the other may not have") {
  WireMemory memory(SystemClock());
  RequestBuilder builder(SystemClock(), memory, {});
  builder.SetProtocol(WireProtocol::kV2);
  builder.Add(RunOf(Rows("hcpch")), 0, kNoLimits);
  const Batch batch = builder.Seal();
  CHECK(KindsOf(*ToProtocol(batch, WireProtocol::kV1, kNoCustomBuckets)) == "h#|p#|h");
  CHECK(KindsOf(*ToProtocol(batch, WireProtocol::kV1, {false, false, true})) == "p#");
  CHECK(KindsOf(*ToProtocol(batch, WireProtocol::kV1, {true, true, false})) == "hc|p|ch");
  const Batch bare = WithoutExemplars(batch);
  CHECK(bare.protocol == WireProtocol::kV2);
  CHECK(bare.samples == 5);
  CHECK(bare.exemplars == 0);
  CHECK(KindsOf(bare) == "hc|p|ch");
  builder.Add(RunOf(Rows("cc")), 0, kNoLimits);
  const auto nothing = ToProtocol(builder.Seal(), WireProtocol::kV1, kNoCustomBuckets);
  REQUIRE(nothing);
  CHECK(nothing->samples == 0);
  CHECK(nothing->exemplars == 0);
}

TEST_CASE("custom buckets are found in whatever order the fields come, and in no rubbish") {
  CHECK(HasCustomBuckets(CustomBucketsMessage(4)));
  CHECK_FALSE(HasCustomBuckets(HistogramMessage(4)));
  CHECK_FALSE(HasCustomBuckets(""));
  CHECK(HasCustomBuckets("\x78\x05\x20\x69"));
  CHECK_FALSE(HasCustomBuckets("\x20\x6b"));
  const std::string message = CustomBucketsMessage(4);
  for (size_t cut = 0; cut < message.size(); ++cut) (void)HasCustomBuckets(message.substr(0, cut));
  CHECK_FALSE(HasCustomBuckets("\x42\x7f"));
  CHECK_FALSE(HasCustomBuckets("\x19\x01"));
  CHECK_FALSE(HasCustomBuckets("\x23\x69"));
}

TEST_CASE("a run ends where its histograms take too much") {
  OwnedScrape row = Rows("h").front();
  row.attachments.histograms.front().message.assign(RunAttachments::kBytesMax / 2, 'x');
  ScrapeRun run;
  CHECK(run.Append(row.View()));
  CHECK_FALSE(run.Append(row.View()));
  row.attachments = {};
  CHECK(run.Append(row.View()));
  run.Clear();
  CHECK_FALSE(run.HasAttachments(0));
  row.attachments.histograms = {{0, std::string(2 * RunAttachments::kBytesMax, 'x')}};
  CHECK(run.Append(row.View()));
  CHECK(run.HasAttachments(0));
}

}  // namespace
}  // namespace limpet
