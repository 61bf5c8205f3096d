// Which protocol a receiver gets: the rules by themselves, and a sender with a receiver that is
// old, new, or changes.
#include "queue/sender_protocol.h"

#include <doctest/doctest.h>

#include "tests/queue/sender_fixture.h"

namespace limpet {
namespace {

constexpr auto kV1 = WireProtocol::kV1;
constexpr auto kV2 = WireProtocol::kV2;
constexpr auto kAuto = RemoteWriteMessage::kAuto;
const SteadyTime kNow = SteadyTime{} + Millis(1'000'000);

WrittenCounts Wrote(uint64_t samples) { return {samples, std::nullopt, std::nullopt}; }

TEST_CASE("written counts are digits alone") {
  CHECK(ParseWrittenCount("0") == 0);
  CHECK(ParseWrittenCount("18446744073709551615") == UINT64_MAX);
  for (const char* text :
       {"", " 1", "1 ", "+1", "-1", "1.0", "0x1", "1e3", "many", "1, 2", "18446744073709551616"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseWrittenCount(text));
  }
  CHECK(WrittenCounts{UINT64_MAX, 5, 1}.Samples() == UINT64_MAX);
  CHECK(WrittenCounts{2, 3, 7}.Samples() == 5);
}

TEST_CASE("auto settles on what the first answer tells") {
  struct Case {
    int status;
    WrittenCounts written;
    ProtocolVerdict verdict;
    WireProtocol protocol;
    bool settled;
  };
  using enum ProtocolVerdict;
  const Case cases[] = {
      {200, Wrote(10), kWritten, kV2, true},    {204, Wrote(4), kWritten, kV2, true},
      {204, {}, kOtherProtocol, kV1, true},     {200, Wrote(0), kOtherProtocol, kV1, true},
      {415, {}, kOtherProtocol, kV1, true},     {415, Wrote(1), kOtherProtocol, kV1, true},
      {400, {}, kOtherProtocol, kV1, true},     {400, Wrote(0), kOtherProtocol, kV1, true},
      {400, Wrote(3), kWritten, kV2, true},     {500, {}, kByStatus, kV2, false},
      {500, Wrote(3), kByStatus, kV2, false},   {429, {}, kByStatus, kV2, false},
      {404, {}, kByStatus, kV2, false},         {0, {}, kByStatus, kV2, false},
      {200, {{}, 10, {}}, kWritten, kV2, true}, {200, {{}, {}, 1}, kOtherProtocol, kV1, true},
      {413, {}, kByStatus, kV2, false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.status);
    SenderProtocol protocol(kAuto);
    CHECK(protocol.ForNextBatch(kNow) == kV2);
    CHECK_FALSE(protocol.settled());
    CHECK(protocol.OnAnswer(kV2, c.status, c.written, 10, kNow) == c.verdict);
    CHECK(protocol.present() == c.protocol);
    CHECK(protocol.settled() == c.settled);
  }
}

TEST_CASE("once counts were reported, none written is an answer") {
  SenderProtocol protocol(kAuto);
  protocol.OnAnswer(kV2, 200, Wrote(10), 10, kNow);
  CHECK(protocol.OnAnswer(kV2, 200, Wrote(0), 10, kNow) == ProtocolVerdict::kWritten);
  CHECK(protocol.OnAnswer(kV2, 400, Wrote(0), 10, kNow) == ProtocolVerdict::kWritten);
  CHECK(protocol.OnAnswer(kV2, 400, {}, 10, kNow) == ProtocolVerdict::kByStatus);
  CHECK(protocol.present() == kV2);
  CHECK(protocol.OnAnswer(kV2, 200, {}, 10, kNow) == ProtocolVerdict::kOtherProtocol);
  CHECK(protocol.present() == kV1);
  // A late answer to an earlier request does not turn it back.
  CHECK(protocol.OnAnswer(kV2, 200, Wrote(10), 10, kNow) == ProtocolVerdict::kWritten);
  CHECK(protocol.present() == kV1);
}

TEST_CASE("2.0 is offered again after a day, and after no answer") {
  SenderProtocol protocol(kAuto);
  protocol.OnAnswer(kV2, 415, {}, 10, kNow);
  CHECK(protocol.ForNextBatch(kNow + Millis(24 * 3600 * 1000 - 1)) == kV1);
  CHECK(protocol.ForNextBatch(kNow + Millis(24 * 3600 * 1000)) == kV2);
  CHECK_FALSE(protocol.settled());
  protocol.OnAnswer(kV2, 204, {}, 10, kNow);
  CHECK(protocol.ForNextBatch(kNow) == kV1);
  protocol.OnNoAnswer();
  CHECK(protocol.ForNextBatch(kNow) == kV2);
  protocol.OnAnswer(kV2, 204, {}, 10, kNow);
  CHECK(protocol.ForNextBatch(kNow) == kV1);
}

TEST_CASE("a configured protocol stays") {
  SenderProtocol v1(RemoteWriteMessage::kV1);
  CHECK(v1.OnAnswer(kV1, 415, {}, 10, kNow) == ProtocolVerdict::kByStatus);
  v1.OnNoAnswer();
  CHECK(v1.ForNextBatch(kNow + Millis(1'000'000'000)) == kV1);
  CHECK(v1.settled());
  SenderProtocol v2(RemoteWriteMessage::kV2);
  CHECK(v2.settled());
  CHECK(v2.OnAnswer(kV2, 415, {}, 10, kNow) == ProtocolVerdict::kNotSpoken);
  CHECK(v2.OnAnswer(kV2, 200, {}, 10, kNow) == ProtocolVerdict::kNotSpoken);
  CHECK(v2.OnAnswer(kV2, 200, Wrote(0), 10, kNow) == ProtocolVerdict::kWritten);
  CHECK(v2.OnAnswer(kV2, 400, {}, 10, kNow) == ProtocolVerdict::kByStatus);
  CHECK(v2.present() == kV2);
}

RemoteWriteConfig AutoConfig(uint16_t port) {
  RemoteWriteConfig config = QuickConfig(port);
  config.protobuf_message = kAuto;
  return config;
}

std::string WrittenHeader(uint64_t samples) {
  return "X-Prometheus-Remote-Write-Samples-Written: " + std::to_string(samples) + "\r\n";
}

bool IsV2(const ReceivedRequest& request) {
  const bool v2 = request.headers.at("content-type") ==
                  "application/x-protobuf;proto=io.prometheus.write.v2.Request";
  CHECK(request.headers.at("x-prometheus-remote-write-version") == (v2 ? "2.0.0" : "0.1.0"));
  if (!v2) CHECK(request.headers.at("content-type") == "application/x-protobuf");
  return v2;
}

TEST_CASE("a receiver of 1.0 gets the batch again, once, and 1.0 from then on") {
  for (const ScriptedAnswer& refusal :
       {Answer(415), Answer(400), Answer(204), Answer(200, WrittenHeader(0)),
        Answer(200, "X-Prometheus-Remote-Write-Samples-Written: lots\r\n")}) {
    CAPTURE(refusal.bytes);
    ScriptedReceiver receiver({refusal});
    SenderFixture f(AutoConfig(receiver.port()));
    f.Start();
    const FakeTarget target("node", 5);
    target.Scrape(f.log, kTimeMs, 1);
    REQUIRE(f.RunUntilAcknowledged(1));
    target.Scrape(f.log, kTimeMs + 1, 2);
    REQUIRE(f.RunUntilAcknowledged(2));
    auto requests = receiver.requests();
    REQUIRE(requests.size() == 3);
    CHECK(IsV2(requests[0]));
    CHECK_FALSE(IsV2(requests[1]));
    CHECK_FALSE(IsV2(requests[2]));
    requests.erase(requests.begin());
    const auto samples = SamplesBySeries(requests);
    CHECK(samples.size() == 5);
    CHECK(samples.at("node_0") ==
          std::vector<std::pair<int64_t, double>>{{kTimeMs, 1}, {kTimeMs + 1, 2}});
    const ReceiverStatus status = f.status();
    CHECK(status.samples_sent_total == 10);
    CHECK(status.samples_dropped_total.empty());
    CHECK(status.healthy);
    CHECK(status.protocol == "prometheus.WriteRequest");
    CHECK(status.protocol_settled);
  }
}

TEST_CASE("a receiver of 2.0 keeps it; what it did not write is counted") {
  ScriptedReceiver receiver({Answer(200, WrittenHeader(5)), Answer(204, WrittenHeader(3)),
                             Answer(400, WrittenHeader(4)), Answer(400, WrittenHeader(0)),
                             Answer(204, WrittenHeader(900))});
  SenderFixture f(AutoConfig(receiver.port()));
  f.Start();
  const FakeTarget target("node", 5);
  for (uint64_t i = 0; i < 5; ++i) {
    target.Scrape(f.log, kTimeMs + static_cast<int64_t>(i), 1);
    REQUIRE(f.RunUntilAcknowledged(i + 1));
  }
  const auto requests = receiver.requests();
  REQUIRE(requests.size() == 5);  // no sifting either
  for (const auto& request : requests) CHECK(IsV2(request));
  const ReceiverStatus status = f.status();
  CHECK(status.samples_sent_total == 5 + 3 + 4 + 0 + 5);
  CHECK(status.samples_dropped_total ==
        std::map<std::string, uint64_t>{{"http_400", 6}, {"not_written", 2}});
  CHECK(status.written_samples_total == 5 + 3 + 4 + 900);
  CHECK(status.protocol == "io.prometheus.write.v2.Request");
}

TEST_CASE("a receiver that was exchanged while it was away is asked again, both ways") {
  uint16_t port = 0;
  SenderFixture f(AutoConfig(1));
  const FakeTarget target("node", 5);
  {
    ScriptedReceiver old({Answer(415)});
    port = old.port();
    f.config = AutoConfig(port);
    f.Start();
    target.Scrape(f.log, kTimeMs, 1);
    REQUIRE(f.RunUntilAcknowledged(1));
  }
  target.Scrape(f.log, kTimeMs + 1, 1);
  REQUIRE(f.RunUntil([&] { return f.status().requests_total[0] > 0; }));
  {
    ScriptedReceiver upgraded({Answer(204), Answer(204, WrittenHeader(5))}, port);
    REQUIRE(f.RunUntilAcknowledged(2));
    target.Scrape(f.log, kTimeMs + 2, 1);
    REQUIRE(f.RunUntilAcknowledged(3));
    const auto requests = upgraded.requests();
    REQUIRE(requests.size() == 2);
    CHECK_FALSE(IsV2(requests[0]));  // it was in 1.0 already
    CHECK(IsV2(requests[1]));
    CHECK(f.status().protocol_settled);
  }
  ScriptedReceiver downgraded({Answer(204)}, port);
  target.Scrape(f.log, kTimeMs + 3, 1);
  REQUIRE(f.RunUntilAcknowledged(4));
  const auto requests = downgraded.requests();
  REQUIRE(requests.size() == 2);
  CHECK(IsV2(requests[0]));
  CHECK_FALSE(IsV2(requests[1]));
  CHECK(f.status().samples_sent_total == 20);
}

TEST_CASE("a receiver that takes neither protocol holds its data") {
  ScriptedReceiver receiver({Answer(415), Answer(415)});
  SenderFixture f(AutoConfig(receiver.port()));
  f.Start();
  FakeTarget("node", 5).Scrape(f.log, kTimeMs, 1);
  REQUIRE(f.RunUntil([&] { return f.status().requests_total[415] == 2; }));
  CHECK_FALSE(f.status().healthy);
  f.loop.RunFor(Millis(20));
  CHECK(receiver.count() == 2);
  CHECK(f.log.acknowledged["receiver"] == 0);
  CHECK(f.status().samples_dropped_total.empty());
}

TEST_CASE("a configured 2.0 that is not taken holds the data and says why") {
  ScriptedReceiver receiver({Answer(204)});
  SenderFixture f(QuickConfig(receiver.port()));
  f.config.protobuf_message = RemoteWriteMessage::kV2;
  f.Start();
  FakeTarget("node", 5).Scrape(f.log, kTimeMs, 1);
  REQUIRE(f.RunUntil([&] { return !f.status().healthy; }));
  CHECK(f.status().last_error.find("io.prometheus.write.v2.Request") != std::string::npos);
  CHECK(f.log.acknowledged["receiver"] == 0);
}

TEST_CASE("while 2.0 is offered the other lanes wait") {
  ScriptedAnswer late = Answer(415);
  late.after_release = true;
  ScriptedReceiver receiver({late});
  SenderFixture f(AutoConfig(receiver.port()));
  f.config.queue.min_shards = f.config.queue.max_shards = 4;
  f.Start();
  for (int i = 0; i < 8; ++i) FakeTarget("n" + std::to_string(i), 5).Scrape(f.log, kTimeMs, 1);
  REQUIRE(f.RunUntil([&] { return receiver.count() == 1; }));
  f.loop.RunFor(Millis(20));
  CHECK(receiver.count() == 1);
  CHECK(f.status().lanes == 4);
}

}  // namespace
}  // namespace limpet
