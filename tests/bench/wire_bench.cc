// What Remote-Write requests cost: ns a sample for encoding and for snappy, bytes on the wire.
//
//   wire_bench [PAGE...]
//
// PAGEs are exposition pages in the Prometheus text format of one target, one scrape after the
// other (a node_exporter's, say); without any, pages of 506 series in the manner of node_exporter
// of which a quarter change from one to the next. A thousand targets share the layout, each with
// seven labels around those of a series, or two. Live data has one row a run, a backlog has 32 or
// more. Times are CPU times.
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "queue/wire_request.h"
#include "tests/bench/cpu_clock.h"
#include "tests/bench/exposition_pages.h"

namespace limpet {
namespace {

struct Case {
  const char* name;
  size_t rows = 1;
  std::vector<RelabelRule> rules = {};
  bool few_labels = false;
  uint64_t samples_max = 5000;
};

std::vector<std::shared_ptr<const LogTarget>> Targets(size_t count, bool few_labels) {
  std::vector<std::shared_ptr<const LogTarget>> targets;
  for (size_t i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    if (few_labels) {
      targets.push_back(NewLogTarget(
          Labels{{"instance", "10.244." + number + ".17:9100"}, {"job", "kubernetes-pods"}}));
      continue;
    }
    targets.push_back(NewLogTarget(Labels{{"container", "node-exporter"},
                                          {"instance", "10.244." + number + ".17:9100"},
                                          {"job", "kubernetes-pods"},
                                          {"namespace", "monitoring"},
                                          {"node", "worker-" + number},
                                          {"pod", "node-exporter-7d4b9c6f5-" + number}}));
  }
  return targets;
}

// The target's own values: what is large differs between targets.
void FillRun(const Pages& pages, const std::shared_ptr<const LogTarget>& target, size_t number,
             size_t rows, ScrapeRun& run) {
  run.Clear();
  std::vector<double> values;
  for (size_t row = 0; row < rows; ++row) {
    values = pages.values[row % pages.values.size()];
    for (double& value : values) {
      if (value > 1000) value += static_cast<double>(37 * number);
    }
    // An offset of its own, and now and then a millisecond late.
    const auto timestamp_ms = static_cast<int64_t>(1'700'000'000'000 + 7919 * number % 15'000 +
                                                   15'000 * row + (row + number) % 9 / 8);
    run.Append({pages.layout, target, timestamp_ms, {}, values, {}});
  }
}

void Run(const Pages& pages, const Case& c, WireProtocol protocol) {
  const auto targets = Targets(c.rows == 1 ? 1000 : 100, c.few_labels);
  WireMemory memory(SystemClock());
  RequestBuilder builder(SystemClock(), memory, c.rules);
  builder.SetProtocol(protocol);
  if (!c.few_labels) builder.SetExternalLabels(Labels{{"cluster", "eu-west-1-production"}});
  const RequestLimits limits{c.samples_max, 4u << 20, INT64_MIN};
  uint64_t samples = 0;
  uint64_t message_bytes = 0;
  uint64_t body_bytes = 0;
  double encode_s = 0;
  double compress_s = 0;
  ScrapeRun run;
  for (int round = 0; round < 3; ++round) {
    for (size_t number = 0; number < targets.size(); ++number) {
      FillRun(pages, targets[number], number, c.rows, run);
      for (size_t next = 0; next < run.series_end();) {
        double start = CpuSeconds();
        next = builder.Add(run, next, limits);
        encode_s += CpuSeconds() - start;
        if (next == run.series_end()) break;
        samples += builder.samples();
        message_bytes += builder.message_bytes();
        start = CpuSeconds();
        body_bytes += builder.Seal().body.size();
        compress_s += CpuSeconds() - start;
      }
    }
  }
  const auto count = static_cast<double>(samples);
  std::printf("%-30s %s  %7.1f ns encode  %6.1f ns snappy  %7.1f -> %6.2f bytes\n", c.name,
              protocol == WireProtocol::kV1 ? "1.0" : "2.0", encode_s * 1e9 / count,
              compress_s * 1e9 / count, static_cast<double>(message_bytes) / count,
              static_cast<double>(body_bytes) / count);
}

RelabelRule DropRule(const char* source, const char* regex) {
  RelabelRule rule;
  rule.action = RelabelAction::kDrop;
  rule.source_labels = {source};
  rule.regex = AnchoredRegex::Compile(regex).value();
  return rule;
}

}  // namespace
}  // namespace limpet

int main(int argc, char** argv) {
  using limpet::Case;
  const limpet::Pages pages = limpet::ReadPages({argv + 1, argv + argc});
  std::printf("%zu series, %zu pages; all figures a sample\n", pages.layout->size(),
              pages.values.size());
  const std::vector<Case> cases = {
      {"live, seven outer labels"},
      {"live, instance and job", 1, {}, true},
      {"live, relabelled once a layout", 1, {limpet::DropRule("__name__", "nothing")}},
      {"live, relabelled each time", 1, {limpet::DropRule("pod", "nothing")}},
      {"32 rows", 32},
      {"32 rows, 20000 a request", 32, {}, false, 20'000},
      {"64 rows", 64},
      {"64 rows, 100000 a request", 64, {}, false, 100'000},
  };
  for (const Case& c : cases) {
    for (const auto protocol : {limpet::WireProtocol::kV1, limpet::WireProtocol::kV2}) {
      limpet::Run(pages, c, protocol);
    }
  }
}
