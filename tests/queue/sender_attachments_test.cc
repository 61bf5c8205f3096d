// Native histograms and exemplars on their way to a receiver: what the settings and the protocol
// let through, and what is counted.
#include <doctest/doctest.h>

#include <cmath>

#include "tests/queue/sender_fixture.h"
#include "tests/queue/strict_v2.h"

namespace limpet {
namespace {

// Of the eight series of a scrape two have plain histograms, two custom buckets, four exemplars.
constexpr size_t kDetailedSeries = 8;

struct Contents {
  int samples = 0;
  int histograms = 0;
  int custom_buckets = 0;
  int exemplars = 0;
  friend bool operator==(const Contents&, const Contents&) = default;
};

template <typename Request>
Contents Count(const Request& request) {
  Contents contents;
  for (const auto& series : request.timeseries()) {
    contents.samples += series.samples_size();
    for (const auto& histogram : series.histograms()) {
      histogram.schema() == -53 ? ++contents.custom_buckets : ++contents.histograms;
      CHECK(histogram.timestamp() >= kTimeMs);
      CHECK(histogram.positive_deltas_size() > 0);
    }
    for (const auto& exemplar : series.exemplars()) {
      ++contents.exemplars;
      CHECK(exemplar.value() == 0.5);
      CHECK(exemplar.timestamp() >= kTimeMs - 3);
    }
  }
  return contents;
}

bool SaysV2(const ReceivedRequest& request) {
  return request.headers.at("x-prometheus-remote-write-version") == "2.0.0";
}

Contents ContentsOf(const ReceivedRequest& request) {
  if (!SaysV2(request)) return Count(DecodeBody(request.body));
  remote_write_v2::Request v2;
  CHECK(WhyNotV2Body(request.body, v2) == "");
  return Count(v2);
}

ScriptedAnswer Written(int status, int samples, int histograms, int exemplars) {
  const std::string name = "X-Prometheus-Remote-Write-";
  return Answer(status, name + "Samples-Written: " + std::to_string(samples) + "\r\n" + name +
                            "Histograms-Written: " + std::to_string(histograms) + "\r\n" + name +
                            "Exemplars-Written: " + std::to_string(exemplars) + "\r\n");
}

using Reasons = std::map<std::string, uint64_t>;

TEST_CASE("1.0 has neither by default, which is counted and no error") {
  ScriptedReceiver receiver;
  SenderFixture f(QuickConfig(receiver.port()));
  f.Start();
  const FakeTarget target("a", kDetailedSeries);
  target.ScrapeHistograms(f.log, kTimeMs, 1);
  REQUIRE(f.RunUntilAcknowledged(1));
  REQUIRE(receiver.count() == 1);
  CHECK(ContentsOf(receiver.requests()[0]) == Contents{4, 0, 0, 0});
  const ReceiverStatus status = f.status();
  CHECK(status.healthy);
  CHECK(status.last_error.empty());
  CHECK(status.samples_sent_total == 4);
  CHECK(status.samples_dropped_total == Reasons{{"histograms_not_enabled", 4}});
  CHECK(status.histograms.sent_total == 0);
  CHECK(status.histograms.dropped_total == Reasons{{"histograms_not_enabled", 4}});
  CHECK(status.exemplars.dropped_total ==
        Reasons{{"exemplars_not_enabled", 2}, {"histograms_not_enabled", 2}});
}

TEST_CASE("1.0 has both where they are wanted, but for custom buckets") {
  ScriptedReceiver receiver;
  SenderFixture f(QuickConfig(receiver.port()));
  f.config.send_exemplars = true;
  f.config.send_native_histograms = true;
  f.Start();
  const FakeTarget target("a", kDetailedSeries);
  target.ScrapeHistograms(f.log, kTimeMs, 1);
  REQUIRE(f.RunUntilAcknowledged(1));
  CHECK(ContentsOf(receiver.requests()[0]) == Contents{4, 2, 0, 4});
  const ReceiverStatus status = f.status();
  CHECK(status.samples_sent_total == 6);
  CHECK(status.histograms.sent_total == 2);
  CHECK(status.exemplars.sent_total == 4);
  CHECK(status.histograms.dropped_total == Reasons{{"nhcb_in_rw1_not_supported", 2}});
  CHECK(status.samples_dropped_total == Reasons{{"nhcb_in_rw1_not_supported", 2}});
  CHECK(status.exemplars.dropped_total.empty());
  CHECK(status.histograms.failed_total + status.exemplars.failed_total == 0);
}

TEST_CASE("2.0 always has histograms, exemplars where they are wanted, and all kinds are counted") {
  for (const bool exemplars : {false, true}) {
    const int sent = exemplars ? 4 : 0;
    ScriptedReceiver receiver({Written(200, 4, 4, sent), Written(400, 4, 3, exemplars ? 1 : 0)});
    SenderFixture f(QuickConfig(receiver.port()));
    f.config.protobuf_message = RemoteWriteMessage::kV2;
    f.config.send_exemplars = exemplars;
    f.Start();
    const FakeTarget target("a", kDetailedSeries);
    for (int i = 0; i < 2; ++i) {
      target.ScrapeHistograms(f.log, kTimeMs + i, 1);
      REQUIRE(f.RunUntilAcknowledged(static_cast<uint64_t>(i) + 1));
      CHECK(ContentsOf(receiver.requests()[static_cast<size_t>(i)]) == Contents{4, 2, 2, sent});
    }
    // The second one was written in part.
    const ReceiverStatus status = f.status();
    CHECK(status.samples_sent_total == 15);
    CHECK(status.samples_dropped_total == Reasons{{"http_400", 1}});
    CHECK(status.histograms.sent_total == 7);
    CHECK(status.histograms.failed_total == 1);
    CHECK(status.written_histograms_total == 7);
    CHECK(status.exemplars.sent_total == (exemplars ? 5 : 0));
    CHECK(status.exemplars.failed_total == (exemplars ? 3 : 0));
    CHECK(status.exemplars.dropped_total ==
          (exemplars ? Reasons{} : Reasons{{"exemplars_not_enabled", 8}}));
  }
}

TEST_CASE("an offer of 2.0 that is refused goes on as 1.0 with what that may have") {
  for (const bool wanted : {false, true}) {
    ScriptedReceiver receiver({Answer(415)});
    SenderFixture f(QuickConfig(receiver.port()));
    f.config.protobuf_message = RemoteWriteMessage::kAuto;
    f.config.send_exemplars = true;
    f.config.send_native_histograms = wanted;
    f.Start();
    const FakeTarget target("a", kDetailedSeries);
    target.ScrapeHistograms(f.log, kTimeMs, 1);
    REQUIRE(f.RunUntilAcknowledged(1));
    const auto requests = receiver.requests();
    REQUIRE(requests.size() == 2);
    CHECK(ContentsOf(requests[0]) == Contents{4, 2, 2, 4});
    CHECK_FALSE(SaysV2(requests[1]));
    CHECK(ContentsOf(requests[1]) == (wanted ? Contents{4, 2, 0, 4} : Contents{4, 0, 0, 2}));
    const ReceiverStatus status = f.status();
    CHECK(status.healthy);
    CHECK(status.samples_sent_total == (wanted ? 6 : 4));
    CHECK(status.histograms.dropped_total == (wanted ? Reasons{{"nhcb_in_rw1_not_supported", 2}}
                                                     : Reasons{{"histograms_not_enabled", 4}}));
  }
}

TEST_CASE(
    "an offer of nothing but histograms leaves nothing for 1.0, and the next scrape follows") {
  // The next one asks for 2.0 after all, which is followed at once: nothing was tried for it yet.
  ScriptedReceiver receiver({Answer(415), Answer(415), Written(200, 1, 0, 0)});
  SenderFixture f(QuickConfig(receiver.port()));
  f.config.protobuf_message = RemoteWriteMessage::kAuto;
  f.Start();
  const FakeTarget target("a", 1);
  target.ScrapeHistograms(f.log, kTimeMs, 1);
  REQUIRE(f.RunUntilAcknowledged(1));
  CHECK(receiver.count() == 1);
  target.Scrape(f.log, kTimeMs + 1, 1);
  REQUIRE(f.RunUntilAcknowledged(2));
  REQUIRE(receiver.count() == 3);
  CHECK(ContentsOf(receiver.requests()[1]) == Contents{1, 0, 0, 0});
  CHECK_FALSE(SaysV2(receiver.requests()[1]));
  CHECK(SaysV2(receiver.requests()[2]));
  CHECK(f.status().samples_sent_total == 1);
  CHECK(f.status().healthy);
}

TEST_CASE("a refused request is tried without its exemplars before any sample is given up") {
  ScriptedReceiver receiver({Answer(400), Answer(204), Answer(400), Answer(400)});
  SenderFixture f(QuickConfig(receiver.port()));
  f.config.send_exemplars = true;
  f.Start();
  const FakeTarget target("a", kDetailedSeries);
  target.Scrape(f.log, kTimeMs, 1);
  target.ScrapeHistograms(f.log, kTimeMs + 1, 1);
  REQUIRE(f.RunUntilAcknowledged(2));
  auto requests = receiver.requests();
  REQUIRE(requests.size() == 2);
  CHECK(ContentsOf(requests[0]) == Contents{12, 0, 0, 2});
  CHECK(ContentsOf(requests[1]) == Contents{12, 0, 0, 0});
  ReceiverStatus status = f.status();
  CHECK(status.samples_sent_total == 12);
  CHECK(status.samples_dropped_total == Reasons{{"histograms_not_enabled", 4}});
  CHECK(status.exemplars.failed_total == 2);
  CHECK(status.exemplars.sent_total == 0);
}

TEST_CASE("what is split for its size keeps histograms and exemplars") {
  for (const auto message : {RemoteWriteMessage::kV1, RemoteWriteMessage::kV2}) {
    const bool v2 = message == RemoteWriteMessage::kV2;
    ScriptedReceiver receiver;
    receiver.Add(Answer(413));
    receiver.Add(Answer(413));
    for (int i = 0; i < 20; ++i) receiver.Add(v2 ? Written(200, 64, 64, 64) : Answer(200));
    SenderFixture f(QuickConfig(receiver.port()));
    f.config.protobuf_message = message;
    f.config.send_exemplars = true;
    f.config.send_native_histograms = true;
    f.Start();
    const FakeTarget target("a", kDetailedSeries);
    for (int i = 0; i < 6; ++i) target.ScrapeHistograms(f.log, kTimeMs + i, 1);
    REQUIRE(f.RunUntilAcknowledged(6));
    Contents all;
    for (const ReceivedRequest& request : receiver.requests()) {
      const Contents some = ContentsOf(request);
      all.samples += some.samples;
      all.histograms += some.histograms;
      all.custom_buckets += some.custom_buckets;
      all.exemplars += some.exemplars;
    }
    // The whole, its first half, and all of it again in parts.
    const ReceiverStatus status = f.status();
    CHECK(status.samples_sent_total == (v2 ? 48 : 36));
    CHECK(status.histograms.sent_total == (v2 ? 24 : 12));
    CHECK(status.exemplars.sent_total == 24);
    CHECK(all.samples > 2 * 24);
    CHECK(all.histograms > 12);
    CHECK(status.histograms.failed_total == 0);
  }
}

TEST_CASE("histograms too old are left out with their exemplars, and counted") {
  ScriptedReceiver receiver({Answer(500)});
  SenderFixture f(QuickConfig(receiver.port()));
  f.config.protobuf_message = RemoteWriteMessage::kV1;
  f.config.send_exemplars = true;
  f.config.send_native_histograms = true;
  f.config.queue.sample_age_limit = Millis(60'000);
  f.Start();
  const FakeTarget target("a", kDetailedSeries);
  const int64_t now_ms = f.clock.WallMs();
  target.ScrapeHistograms(f.log, now_ms - 120'000, 1);
  target.ScrapeHistograms(f.log, now_ms, 1);
  REQUIRE(f.RunUntil([&] { return receiver.count() >= 1; }));
  REQUIRE(f.RunUntilAcknowledged(2));
  const ReceiverStatus status = f.status();
  CHECK(status.samples_sent_total == 6);
  CHECK(status.histograms.retried_total == 2);
  CHECK(status.histograms.dropped_total ==
        Reasons{{"nhcb_in_rw1_not_supported", 2}, {"too_old", 4}});
  CHECK(status.exemplars.dropped_total == Reasons{{"too_old", 4}});
  CHECK(status.samples_dropped_total.at("too_old") == 8);
}

TEST_CASE("write_relabel_configs drop histograms and their exemplars, too") {
  ScriptedReceiver receiver;
  SenderFixture f(QuickConfig(receiver.port()));
  f.config.send_exemplars = true;
  f.config.send_native_histograms = true;
  RelabelRule rule;
  rule.action = RelabelAction::kDrop;
  rule.source_labels = {"__name__"};
  rule.regex = AnchoredRegex::Compile("a_[04]").value();
  f.config.write_relabel_configs = {rule};
  f.Start();
  const FakeTarget target("a", kDetailedSeries);
  target.ScrapeHistograms(f.log, kTimeMs, 1);
  REQUIRE(f.RunUntilAcknowledged(1));
  CHECK(ContentsOf(receiver.requests()[0]) == Contents{4, 0, 0, 2});
  CHECK(f.status().histograms.dropped_total ==
        Reasons{{"nhcb_in_rw1_not_supported", 2}, {"write_relabel", 2}});
  CHECK(f.status().exemplars.dropped_total == Reasons{{"write_relabel", 2}});
}

}  // namespace
}  // namespace limpet
