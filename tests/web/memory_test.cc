// What limpet says of its memory: /health and its own metrics.
#include <doctest/doctest.h>

#include "agent/web/health.h"
#include "agent/web/metrics.h"
#include "tests/web/web_sources_fake.h"

namespace limpet {
namespace {

bool Has(const std::string& text, const std::string& part) {
  CAPTURE(text);
  return text.find(part) != std::string::npos;
}

FakeSources At(MemoryLevel level) {
  FakeSources fake;
  fake.memory = {{134'217'728, "/sys/fs/cgroup/memory.max"}, 104'857'600, level, 3};
  fake.scrape.refused_for_memory = {11, 22, 33};
  return fake;
}

TEST_CASE("health is degraded where scrapes are refused, and not where caches are given back") {
  FakeSources trims = At(MemoryLevel::kTrim);
  auto response = HealthResponse(trims.Sources());
  CHECK(Has(response.body,
            R"("memory":{"status":"ok","latency_ms":0,"level":"trim","used_bytes":104857600,)"
            R"("limit_bytes":134217728,"limit_from":"/sys/fs/cgroup/memory.max"})"));
  CHECK(Has(response.body, R"({"status":"ok")"));
  for (const MemoryLevel level : {MemoryLevel::kNoNewPages, MemoryLevel::kNoScrapes}) {
    FakeSources refuses = At(level);
    response = HealthResponse(refuses.Sources());
    // A restart would lose what is known, and helps nobody.
    CHECK(response.status == 200);
    CHECK(response.body.starts_with(R"({"status":"degraded")"));
    CHECK(Has(response.body, R"("memory":{"status":"degraded","latency_ms":0,"level":")" +
                                 std::string(MemoryLevelText(level)) + '"'));
    CHECK(Readiness().Missing(refuses.Sources()).empty());
  }
}

TEST_CASE("without a limit none is shown") {
  FakeSources fake;
  fake.memory.used_bytes = 5;
  CHECK(Has(HealthResponse(fake.Sources()).body,
            R"("memory":{"status":"ok","latency_ms":0,"level":"normal","used_bytes":5})"));
  const WebSources sources = fake.Sources();
  const std::string text = Metrics(sources).Page().body;
  CHECK(!Has(text, "limpet_memory_limit_bytes"));
  CHECK(Has(text, "\nlimpet_memory_shedding_level 0\n"));
}

TEST_CASE("memory in limpet's own metrics") {
  FakeSources fake = At(MemoryLevel::kNoNewPages);
  const WebSources sources = fake.Sources();
  const std::string text = Metrics(sources).Page().body;
  for (const char* line : {"limpet_memory_limit_bytes 134217728", "limpet_memory_used_bytes 1",
                           "limpet_memory_shedding_level 2\n", "limpet_memory_trims_total 3\n",
                           "limpet_memory_shed_scrapes_total{reason=\"new_target\"} 11\n",
                           "limpet_memory_shed_scrapes_total{reason=\"new_page\"} 22\n",
                           "limpet_memory_shed_scrapes_total{reason=\"no_scrapes\"} 33\n"}) {
    CHECK(Has(text, std::string("\n") + line));
  }
}

}  // namespace
}  // namespace limpet
