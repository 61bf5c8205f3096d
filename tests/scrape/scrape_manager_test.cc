#include "agent/scrape/scrape_manager.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/scrape/page_server.h"
#include "tests/scrape/recorded_samples.h"

namespace limpet {
namespace {

using Lines = std::vector<std::string>;

class ManagerFixture {
 public:
  explicit ManagerFixture(const std::string& page = "a 1\n")
      : server([page](const std::string&) { return PageAnswer(page); }),
        manager(loop, SystemClock(), [this](const ScrapeView& view) { recorded.Append(view); }) {
    config.scrape_configs.resize(1);
    config.scrape_configs[0].job_name = "j";
  }

  ScrapeConfig& job() { return config.scrape_configs[0]; }

  TargetGroup Group(const std::string& source, const std::vector<std::string>& addresses,
                    Labels labels = {}) {
    TargetGroup group{source, std::move(labels), {}};
    for (const std::string& address : addresses) {
      group.targets.push_back(Labels{{"__address__", address}, {"instance", "i"}});
    }
    return group;
  }

  void Start() {
    manager.Apply(config);
    manager.OnTargetGroups("j", {Group("g", {server.address()})});
  }

  bool RunUntil(const std::function<bool()>& holds) {
    const SteadyTime end = SystemClock().Now() + Millis(20'000);
    while (!holds()) {
      if (SystemClock().Now() > end) return false;
      loop.RunFor(Millis(50));
    }
    return true;
  }
  bool RunUntilRecords(size_t count) {
    return RunUntil([&] { return recorded.records >= count; });
  }

  // LABELS VALUE, without the time.
  Lines TakeValues() {
    Lines lines = recorded.Take();
    for (std::string& line : lines) line.resize(line.rfind('@'));
    return lines;
  }
  std::string LastError() {
    std::string error;
    manager.ForEachTarget([&](const TargetStatus& status) { error = status.last_error; });
    return error;
  }

  EventLoop loop;
  PageServer server;
  RecordedSamples recorded;
  Config config;
  ScrapeManager manager;
};

TEST_CASE("a new target is scraped at once, as Prometheus asks") {
  ManagerFixture f;
  f.job().params["x"] = {"y"};
  f.job().http.authorization.emplace();
  f.job().http.authorization->credentials = Secret("t0ken");
  f.Start();
  REQUIRE(f.RunUntilRecords(1));
  CHECK(f.recorded.Last("up") == 1);
  CHECK(f.TakeValues() == Lines{R"({__name__="a", instance="i", job="j"} 1)"});
  const std::string head = f.server.heads().at(0);
  CAPTURE(head);
  CHECK(head.starts_with("GET /metrics?x=y HTTP/1.1\r\n"));
  CHECK(head.find("\r\nAccept: application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;"
                  "q=0.6,") != std::string::npos);
  CHECK(head.find("\r\nAccept-Encoding: gzip\r\n") != std::string::npos);
  CHECK(head.find("\r\nUser-Agent: limpet/") != std::string::npos);
  CHECK(head.find("\r\nX-Prometheus-Scrape-Timeout-Seconds: 10\r\n") != std::string::npos);
  CHECK(head.find("\r\nAuthorization: Bearer t0ken\r\n") != std::string::npos);
  const ScrapeStats stats = f.manager.stats();
  CHECK(stats.scrapes_total == 1);
  CHECK(stats.samples_total == 6);
  CHECK(stats.layouts == 1);
  CHECK(stats.series == 6);
  CHECK(stats.body_bytes_total == 4);
}

TEST_CASE("it is scraped again on one connection, and the layout stays") {
  ManagerFixture f;
  f.job().scrape_interval = Millis(50);
  f.job().scrape_timeout = Millis(50);
  f.server.SetAnswer([n = 0](const std::string&) mutable {
    return GzipPageAnswer("# TYPE a counter\na " + std::to_string(++n) + "\n");
  });
  f.Start();
  // A machine under load may let one time out: that is seen by its markers below.
  REQUIRE(f.RunUntilRecords(4));
  CHECK(f.manager.stats().scrapes_total >= 4);
  if (f.manager.stats().scrapes_failed_total == 0) {
    CHECK(f.server.connections() == 1);
    CHECK(f.manager.stats().layouts == 1);
    const Lines values = f.TakeValues();
    CHECK(values.size() >= 4);
    CHECK(values[0] == R"({__name__="a", instance="i", job="j"} 1)");
    CHECK(values[3] == R"({__name__="a", instance="i", job="j"} 4)");
  }
}

TEST_CASE("the content type chooses the parser, and nothing needs none") {
  ManagerFixture f;
  SUBCASE("OpenMetrics") {
    f.server.SetAnswer([](const std::string&) {
      return HttpAnswerText("200 OK", "Content-Type: application/openmetrics-text\r\n",
                            "a 1 # {x=\"y\"} 2\n# EOF\n");
    });
  }
  SUBCASE("a fallback") {
    f.job().fallback_scrape_protocol = ScrapeProtocol::kOpenMetricsText1_0_0;
    f.server.SetAnswer([](const std::string&) {
      return HttpAnswerText("200 OK", "Content-Type: x\r\n", "a 1\n# EOF\n");
    });
  }
  SUBCASE("nothing") {
    f.job().enable_compression = false;
    f.server.SetAnswer([](const std::string&) { return HttpAnswerText("200 OK", "", ""); });
  }
  f.Start();
  REQUIRE(f.RunUntilRecords(1));
  CHECK(f.LastError() == "");
  CHECK(f.recorded.Last("up") == 1);
  const bool identity = !f.job().enable_compression;
  CHECK(f.recorded.Last("scrape_samples_scraped") == (identity ? 0 : 1));
  CHECK((f.server.heads().at(0).find("Accept-Encoding: identity\r\n") != std::string::npos) ==
        identity);
}

TEST_CASE("with more targets than target_limit none is scraped, until there are fewer") {
  ManagerFixture f;
  f.job().target_limit = 1;
  f.manager.Apply(f.config);
  f.manager.OnTargetGroups("j", {f.Group("g", {f.server.address(), "127.0.0.1:1"})});
  REQUIRE(f.RunUntilRecords(2));
  CHECK(f.LastError() == "target_limit exceeded (number of targets: 2, limit: 1)");
  CHECK(f.recorded.Last("up") == 0);
  CHECK(f.server.heads().empty());
  f.config.scrape_configs[0].target_limit = 2;
  f.manager.Apply(f.config);
  f.manager.OnTargetGroups("j", {f.Group("h", {"127.0.0.1:2"})});
  CHECK(f.recorded.Last("up") == 0);
  f.config.scrape_configs[0].target_limit = 0;
  f.manager.Apply(f.config);
  f.manager.OnTargetGroups("j", {f.Group("k", {"localhost" + f.server.address().substr(9)})});
  REQUIRE(f.RunUntil([&] { return !f.server.heads().empty(); }));
}

TEST_CASE("answers that are no page") {
  ManagerFixture f;
  std::string expected;
  SUBCASE("a status other than 200") {
    f.server.SetAnswer(
        [](const std::string&) { return HttpAnswerText("503 Oops", "", "not now"); });
    expected = "server returned HTTP status 503 Service Unavailable";
  }
  SUBCASE("no content type") {
    f.server.SetAnswer([](const std::string&) { return HttpAnswerText("200 OK", "", "a 1\n"); });
    expected = "target sent no Content-Type and there is no fallback_scrape_protocol";
  }
  SUBCASE("another content type") {
    f.server.SetAnswer([](const std::string&) {
      return HttpAnswerText("200 OK", "Content-Type: text/html\r\n", "a 1\n");
    });
    expected =
        "received unsupported Content-Type \"text/html\" and there is no "
        "fallback_scrape_protocol";
  }
  SUBCASE("another content encoding") {
    f.server.SetAnswer([](const std::string&) {
      return HttpAnswerText("200 OK", "Content-Type: text/plain\r\nContent-Encoding: br\r\n", "x");
    });
    expected = "received unsupported Content-Encoding \"br\"";
  }
  SUBCASE("a wrong line") {
    f.server.SetAnswer([](const std::string&) { return PageAnswer("a 1\nb\n"); });
    expected = "line 2: expected a value after the metric name: \"b\"";
  }
  SUBCASE("a gzip body that is damaged") {
    f.server.SetAnswer([](const std::string&) {
      return HttpAnswerText("200 OK", "Content-Type: text/plain\r\nContent-Encoding: gzip\r\n",
                            std::string(50, 'x'));
    });
    expected = "gzip body is damaged or cut off";
  }
  SUBCASE("a body larger than its limit") {
    f.job().body_size_limit = 4;
    expected = "body size limit exceeded";
  }
  SUBCASE("more samples than the limit") {
    f.job().sample_limit = 1;
    f.server.SetAnswer([](const std::string&) { return PageAnswer("a 1\nb 2\n"); });
    expected = "sample limit exceeded";
  }
  f.Start();
  REQUIRE(f.RunUntilRecords(1));
  CHECK(f.LastError() == expected);
  CHECK(f.recorded.Last("up") == 0);
  CHECK(f.manager.stats().scrapes_failed_total == 1);
  CHECK(f.TakeValues() == Lines{});
}

TEST_CASE("a body just below its limit is good, inflated or not") {
  ManagerFixture f;
  f.job().body_size_limit = 5;
  SUBCASE("plain") {}
  SUBCASE("gzip") {
    f.server.SetAnswer([](const std::string&) { return GzipPageAnswer("a 1\n"); });
  }
  f.Start();
  REQUIRE(f.RunUntilRecords(1));
  CHECK(f.LastError() == "");
}

TEST_CASE("a gzip body larger than the limit once inflated is refused") {
  ManagerFixture f;
  f.job().body_size_limit = 1000;
  f.server.SetAnswer([](const std::string&) {
    return GzipPageAnswer("# " + std::string(100'000, 'x') + "\na 1\n");
  });
  f.Start();
  REQUIRE(f.RunUntilRecords(1));
  CHECK(f.LastError() != "");
  CHECK(f.recorded.Last("up") == 0);
}

TEST_CASE("the timeout ends a scrape; ticks that it takes up are skipped, not piled up") {
  ManagerFixture f;
  f.job().scrape_interval = Millis(100);
  f.job().scrape_timeout = Millis(100);
  f.server.SetAnswer([](const std::string&) { return std::string(); });
  f.Start();
  REQUIRE(f.RunUntilRecords(2));
  CHECK(f.recorded.Last("up") == 0);
  CHECK(f.LastError() != "");
  // Which of a time-out and the tick at the same moment comes first is for chance to say.
  for (size_t records = 3; f.manager.stats().ticks_skipped_total == 0 && records < 50; ++records) {
    REQUIRE(f.RunUntilRecords(records));
  }
  CHECK(f.manager.stats().ticks_skipped_total >= 1);
}

TEST_CASE("a file of credentials that cannot be read fails the scrape with its name") {
  ManagerFixture f;
  f.job().http.authorization.emplace();
  f.job().http.authorization->credentials_file = "/nonexistent/token";
  f.Start();
  REQUIRE(f.RunUntilRecords(1));
  CHECK(f.LastError().find("/nonexistent/token") != std::string::npos);
  CHECK(f.server.heads().empty());
}

TEST_CASE("a target that vanishes leaves markers in the same turn") {
  ManagerFixture f;
  f.Start();
  REQUIRE(f.RunUntilRecords(1));
  f.recorded.Take();
  SUBCASE("its group goes") { f.manager.OnTargetGroups("j", {TargetGroup{"g", {}, {}}}); }
  SUBCASE("its job goes") {
    f.config.scrape_configs[0].job_name = "k";
    f.manager.Apply(f.config);
  }
  SUBCASE("it has other labels") {
    f.manager.OnTargetGroups("j", {f.Group("g", {"127.0.0.1:1"}, Labels{{"new", "label"}})});
  }
  CHECK(f.TakeValues() == Lines{R"({__name__="a", instance="i", job="j"} stale)"});
}

TEST_CASE("nothing is written for what stays the same") {
  ManagerFixture f;
  f.Start();
  REQUIRE(f.RunUntilRecords(1));
  SUBCASE("at a reload") {
    f.job().sample_limit = 100;
    f.manager.Apply(f.config);
    f.manager.OnTargetGroups("j", {f.Group("g", {f.server.address()})});
  }
  SUBCASE("when another group names the target too, then the first one goes") {
    f.manager.OnTargetGroups("j", {f.Group("h", {f.server.address()})});
    f.manager.OnTargetGroups("j", {TargetGroup{"g", {}, {}}});
  }
  SUBCASE("when it moves from group to group in one report") {
    f.manager.OnTargetGroups("j", {TargetGroup{"g", {}, {}}, f.Group("h", {f.server.address()})});
  }
  SUBCASE("when only labels change that discovery alone has") {
    f.manager.OnTargetGroups("j", {f.Group("g", {f.server.address()}, Labels{{"__meta_a", "b"}})});
    f.manager.ForEachTarget(
        [](const TargetStatus& status) { CHECK(status.discovered_labels.Get("__meta_a") == "b"); });
  }
  SUBCASE("when the interval changes") {
    f.job().scrape_interval = Millis(60'000);
    f.manager.Apply(f.config);
    f.manager.OnTargetGroups("j", {f.Group("g", {f.server.address()})});
  }
  CHECK(f.recorded.records == 1);
  size_t targets = 0;
  f.manager.ForEachTarget([&](const TargetStatus& status) {
    ++targets;
    CHECK(status.health == TargetHealth::kUp);
  });
  CHECK(targets == 1);
  CHECK(f.server.heads().size() == 1);
}

TEST_CASE("a new address behind the same labels takes over without markers") {
  ManagerFixture f("a 1\nb 1\n");
  f.Start();
  REQUIRE(f.RunUntilRecords(1));
  f.recorded.Take();
  PageServer other([](const std::string&) { return PageAnswer("a 2\n"); });
  f.manager.OnTargetGroups("j", {f.Group("g", {other.address()})});
  REQUIRE(f.RunUntilRecords(2));
  CHECK(f.TakeValues() == Lines{R"({__name__="a", instance="i", job="j"} 2)",
                                R"({__name__="b", instance="i", job="j"} stale)"});
}

TEST_CASE("a target that leaves marks nothing that another with its labels still writes") {
  ManagerFixture f;
  f.Start();
  REQUIRE(f.RunUntilRecords(1));
  PageServer other([](const std::string&) { return PageAnswer("a 2\n"); });
  f.manager.OnTargetGroups("j", {f.Group("h", {other.address()})});
  REQUIRE(f.RunUntilRecords(2));
  f.recorded.Take();
  f.manager.OnTargetGroups("j", {TargetGroup{"g", {}, {}}});
  CHECK(f.recorded.records == 2);
  f.manager.OnTargetGroups("j", {f.Group("g", {f.server.address()}), TargetGroup{"h", {}, {}}});
  REQUIRE(f.RunUntilRecords(3));
  f.recorded.Take();
  f.manager.OnTargetGroups("j", {TargetGroup{"g", {}, {}}});
  CHECK(f.TakeValues() == Lines{R"({__name__="a", instance="i", job="j"} stale)"});
}

TEST_CASE("one target that is none leaves the others") {
  ManagerFixture f;
  f.manager.Apply(f.config);
  f.manager.OnTargetGroups("j",
                           {f.Group("g", {"http://x/", f.server.address()}), f.Group("h", {""})});
  REQUIRE(f.RunUntilRecords(1));
  size_t targets = 0;
  f.manager.ForEachTarget([&](const TargetStatus&) { ++targets; });
  CHECK(targets == 1);
}

TEST_CASE("targets and the manager may go while scrapes are under way") {
  ManagerFixture f;
  f.server.SetAnswer([](const std::string&) { return std::string(); });
  f.Start();
  REQUIRE(f.RunUntil([&] { return f.server.heads().size() == 1; }));
  f.manager.OnTargetGroups("j", {TargetGroup{"g", {}, {}}});
  CHECK(f.recorded.records == 0);
  f.manager.OnTargetGroups("j", {f.Group("g", {f.server.address()})});
  REQUIRE(f.RunUntil([&] { return f.server.heads().size() == 2; }));
}

}  // namespace
}  // namespace limpet
