#include "tests/bench/exposition_pages.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <random>

namespace limpet {
namespace {

constexpr size_t kMadeUpPages = 64;
constexpr size_t kMadeUpSeries = 506;

// A page as text, line by line.
using Lines = std::vector<std::string>;

// Of the series of a node_exporter about half are zero or small and stay, a quarter are large and
// stay, a quarter move: integers and hundredths that grow, and gauges.
class MadeUpSeries {
 public:
  explicit MadeUpSeries(uint32_t number) : random_(number), kind_(number % 16) {
    if (kind_ < 8) value_ = kind_ < 6 ? 0 : static_cast<double>(random_() % 3);
    if (kind_ >= 8) value_ = static_cast<double>(random_() % 100'000'000);
    if (kind_ == 14) value_ /= 100;
  }
  double Next() {
    if (kind_ == 12 || kind_ == 13) value_ += static_cast<double>(random_() % 5000);
    if (kind_ == 14) value_ = std::round(value_ * 100 + random_() % 1500) / 100;
    if (kind_ == 15) value_ = 4096.0 * static_cast<double>(random_() % 1'000'000);
    return value_;
  }

 private:
  std::minstd_rand random_;
  uint32_t kind_;
  double value_ = 0;
};

std::vector<std::string> MadeUpNames() {
  std::vector<std::string> names;
  for (int cpu = 0; cpu < 16; ++cpu) {
    for (const char* mode :
         {"idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user"}) {
      names.push_back("node_cpu_seconds_total{cpu=\"" + std::to_string(cpu) + "\",mode=\"" + mode +
                      "\"}");
    }
  }
  for (int i = 0; i < 24; ++i) {
    for (const char* device : {"eth0", "lo", "docker0", "cilium_vxlan"}) {
      names.push_back("node_network_receive_" + std::to_string(i) + "_total{device=\"" + device +
                      "\"}");
    }
  }
  for (int i = 0; names.size() < kMadeUpSeries; ++i) {
    names.push_back("node_memory_Something_" + std::to_string(i) + "_bytes");
  }
  return names;
}

std::vector<Lines> MadeUpPages() {
  const std::vector<std::string> names = MadeUpNames();
  std::vector<MadeUpSeries> series;
  for (uint32_t i = 0; i < names.size(); ++i) series.emplace_back(i + 1);
  std::vector<Lines> pages(kMadeUpPages);
  for (Lines& page : pages) {
    std::string family;
    for (size_t i = 0; i < names.size(); ++i) {
      const std::string name = names[i].substr(0, names[i].find('{'));
      if (name != family) {
        page.push_back("# HELP " + name + " What " + name + " counts, in a line of its own.");
        page.push_back("# TYPE " + name + " counter");
        family = name;
      }
      char value[40];
      std::snprintf(value, sizeof value, " %.17g", series[i].Next());
      page.push_back(names[i] + value);
    }
  }
  return pages;
}

MetricType TypeOf(const std::string& text) {
  static const std::map<std::string, MetricType> types = {{"counter", MetricType::kCounter},
                                                          {"gauge", MetricType::kGauge},
                                                          {"histogram", MetricType::kHistogram},
                                                          {"summary", MetricType::kSummary}};
  const auto found = types.find(text);
  return found == types.end() ? MetricType::kUnknown : found->second;
}

// Good enough for pages without commas or quotes in their label values.
std::vector<Label> ParseLabels(const std::string& series) {
  const size_t brace = std::min(series.find('{'), series.size());
  std::vector<Label> labels = {{"__name__", series.substr(0, brace)}};
  for (size_t at = brace; at + 1 < series.size() && series[at] != '}';) {
    const size_t equals = series.find("=\"", at);
    const size_t end = series.find('"', equals + 2);
    if (equals == std::string::npos || end == std::string::npos) break;
    labels.push_back(
        {series.substr(at + 1, equals - at - 1), series.substr(equals + 2, end - equals - 2)});
    at = end + 1;
  }
  std::sort(labels.begin(), labels.end());
  return labels;
}

class Reader {
 public:
  void Page(const Lines& lines) {
    std::vector<double> values =
        pages_.values.empty() ? std::vector<double>() : pages_.values.back();
    const bool first = pages_.values.empty();
    for (const std::string& line : lines) {
      const size_t space = line.rfind(' ');
      if (space == std::string::npos) continue;
      if (line.front() == '#') {
        if (first) Comment(line);
        continue;
      }
      const auto [at, added] = places_.try_emplace(line.substr(0, space), places_.size());
      const double value = std::strtod(line.c_str() + space, nullptr);
      if (first && added) {
        AddSeries(at->first);
        values.push_back(value);
      } else if (at->second < values.size()) {
        values[at->second] = value;
      }
    }
    pages_.values.push_back(std::move(values));
  }
  Pages Take() {
    pages_.layout = block_.Build(std::make_shared<const MetadataTable>(std::move(table_)));
    return std::move(pages_);
  }

 private:
  void Comment(const std::string& line) {
    const size_t name_end = line.find(' ', 7);
    if (name_end == std::string::npos) return;
    const std::string rest = line.substr(name_end + 1);
    if (line.starts_with("# HELP ")) {
      table_.push_back({MetricType::kUnknown, rest, ""});
    } else if (line.starts_with("# TYPE ")) {
      table_.back().type = TypeOf(rest);
    }
  }
  void AddSeries(const std::string& series) {
    block_.BeginSeries(static_cast<uint16_t>(table_.size() - 1));
    for (const Label& label : ParseLabels(series)) block_.AddLabel(label.name, label.value);
  }

  Pages pages_;
  SeriesBlock::Builder block_;
  MetadataTable table_ = MetadataTable(1);
  std::map<std::string, size_t> places_;
};

}  // namespace

Pages ReadPages(const std::vector<std::string>& paths) {
  Reader reader;
  for (const std::string& path : paths) {
    std::ifstream in(path);
    Lines lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    reader.Page(lines);
  }
  if (paths.empty()) {
    for (const Lines& page : MadeUpPages()) reader.Page(page);
  }
  return reader.Take();
}

}  // namespace limpet
