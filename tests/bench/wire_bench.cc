// What encoding a Remote-Write 1.0 request costs: ns a series, MB/s of snappy, bytes a sample.
//
//   wire_bench [PAGE]
//
// PAGE is an exposition page in the Prometheus text format (a node_exporter's, say); without one, a
// page of 506 series in the manner of node_exporter. A thousand targets share it, each with
// seven labels around those of a series, or two. Times are CPU times.
#include <cstdio>
#include <ctime>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "queue/wire_request.h"

namespace limpet {
namespace {

struct Page {
  std::vector<Labels> series;
  std::vector<double> values;
};

void AddSeries(Page& page, std::vector<Label> labels, double value) {
  page.series.emplace_back(std::move(labels));
  page.values.push_back(value);
}

Page MadeUpPage() {
  Page page;
  std::mt19937_64 random(1);
  const auto counter = [&] { return static_cast<double>(random() % 100'000'000) / 100; };
  for (int cpu = 0; cpu < 16; ++cpu) {
    for (const char* mode :
         {"idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user"}) {
      AddSeries(
          page,
          {{"__name__", "node_cpu_seconds_total"}, {"cpu", std::to_string(cpu)}, {"mode", mode}},
          counter());
    }
  }
  for (int i = 0; i < 24; ++i) {
    for (const char* device : {"eth0", "lo", "docker0", "cilium_vxlan"}) {
      AddSeries(page,
                {{"__name__", "node_network_receive_" + std::to_string(i) + "_total"},
                 {"device", device}},
                i % 2 == 0 ? 0 : counter());
    }
  }
  for (int i = 0; page.series.size() < 506; ++i) {
    AddSeries(page, {{"__name__", "node_memory_Something_" + std::to_string(i) + "_bytes"}},
              i % 3 == 0 ? 0 : counter());
  }
  return page;
}

// Good enough for pages without commas or quotes in their label values.
Page ReadPage(const char* path) {
  Page page;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    const size_t space = line.rfind(' ');
    if (line.empty() || line.front() == '#' || space == std::string::npos) continue;
    const size_t brace = line.find('{');
    std::vector<Label> labels = {{"__name__", line.substr(0, std::min(brace, space))}};
    for (size_t at = brace; at != std::string::npos && at + 1 < space && line[at] != '}';) {
      const size_t equals = line.find("=\"", at);
      const size_t end = line.find('"', equals + 2);
      if (equals == std::string::npos || end == std::string::npos) break;
      labels.push_back(
          {line.substr(at + 1, equals - at - 1), line.substr(equals + 2, end - equals - 2)});
      at = end + 1;
    }
    AddSeries(page, std::move(labels), std::stod(line.substr(space + 1)));
  }
  return page;
}

std::vector<std::shared_ptr<const LogTarget>> Targets(int count, bool few_labels) {
  std::vector<std::shared_ptr<const LogTarget>> targets;
  for (int i = 0; i < count; ++i) {
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

// Of this thread's own time, so that a busy machine does not count.
double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

void Run(const char* name, const Page& page, std::vector<RelabelRule> rules,
         bool few_labels = false) {
  SeriesBlock::Builder block;
  for (const Labels& labels : page.series) {
    block.BeginSeries();
    for (const Label& label : labels) block.AddLabel(label.name, label.value);
  }
  const auto layout = block.Build();
  const auto targets = Targets(1000, few_labels);
  WireMemory memory(SystemClock());
  RequestBuilder builder(SystemClock(), memory, std::move(rules));
  if (!few_labels) builder.SetExternalLabels(Labels{{"cluster", "eu-west-1-production"}});
  constexpr RequestLimits kLimits{5000, 4u << 20, INT64_MIN};
  uint64_t samples = 0;
  uint64_t message_bytes = 0;
  uint64_t body_bytes = 0;
  double encode_s = 0;
  double compress_s = 0;
  for (int round = 0; round < 3; ++round) {
    for (const auto& target : targets) {
      const ScrapeView scrape{layout, target, 1'700'000'000'000 + round, {}, page.values, {}};
      for (size_t next = 0; next < page.values.size();) {
        double start = CpuSeconds();
        next = builder.Add(scrape, next, kLimits);
        encode_s += CpuSeconds() - start;
        if (next == page.values.size()) break;
        samples += builder.samples();
        message_bytes += builder.message().size();
        start = CpuSeconds();
        body_bytes += builder.Seal().body.size();
        compress_s += CpuSeconds() - start;
      }
    }
  }
  std::printf(
      "%-28s %6.1f ns/series encode  %6.1f ns/series snappy  %7.0f MB/s  %5.1f -> %5.2f "
      "bytes/sample\n",
      name, encode_s * 1e9 / static_cast<double>(samples),
      compress_s * 1e9 / static_cast<double>(samples),
      static_cast<double>(message_bytes) / compress_s / 1e6,
      static_cast<double>(message_bytes) / static_cast<double>(samples),
      static_cast<double>(body_bytes) / static_cast<double>(samples));
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
  const limpet::Page page = argc > 1 ? limpet::ReadPage(argv[1]) : limpet::MadeUpPage();
  std::printf("%zu series\n", page.series.size());
  limpet::Run("plain, seven outer labels", page, {});
  limpet::Run("plain, instance and job", page, {}, true);
  limpet::Run("relabelled once a layout", page, {limpet::DropRule("__name__", "nothing")});
  limpet::Run("relabelled each time", page, {limpet::DropRule("pod", "nothing")});
}
