#include "tests/bench/made_up_page.h"

#include <cstdio>

namespace limpet {
namespace {

constexpr const char* kModes[] = {"idle",    "iowait", "irq",    "nice",
                                  "softirq", "steal",  "system", "user"};

}  // namespace

MadeUpPages::MadeUpPages(size_t samples) : samples_(samples) {
  for (int family = 0; lines_.size() < samples_; ++family) AddFamily(family);
}

// As on a real page most families have one sample, a few have many.
void MadeUpPages::AddFamily(int family) {
  const bool wide = family % 40 == 1;
  const std::string name = "node_" + std::string(wide ? "cpu_seconds_" : "memory_Something_") +
                           std::to_string(family) + (wide ? "_total" : "_bytes");
  std::string header = "# HELP " + name + " Some words about what this metric is the measure of.\n";
  header += "# TYPE " + name + (wide ? " counter\n" : " gauge\n");
  for (int i = 0; i < (wide ? 32 : 1) && lines_.size() < samples_; ++i) {
    std::string series = name;
    if (wide) series += "{cpu=\"" + std::to_string(i / 8) + "\",mode=\"" + kModes[i % 8] + "\"}";
    headers_.push_back(i == 0 ? header : "");
    lines_.push_back({std::move(series), Value()});
  }
}

std::string MadeUpPages::Value() {
  char buffer[32];
  switch (random_() % 4) {
    case 0:
      return std::to_string(random_() % 2);
    case 1:
      std::snprintf(buffer, sizeof buffer, "%.10ge+%02d",
                    1 + static_cast<double>(random_() % 1000000000) / 1e9,
                    static_cast<int>(6 + random_() % 5));
      return buffer;
    case 2:
      return std::to_string(random_() % 1000000);
    default:
      return std::to_string(random_() % 100000) + "." + std::to_string(random_() % 100);
  }
}

void MadeUpPages::Churn(size_t series) {
  for (size_t i = 0; i < series; ++i) {
    Line& line = lines_[(i * lines_.size()) / series];
    line.series = line.series.substr(0, line.series.find('{'));
    line.series += "{request=\"" + std::to_string(++churned_) + "\"}";
  }
}

std::string MadeUpPages::Next() {
  std::string page;
  for (size_t i = 0; i < lines_.size(); ++i) {
    if (random_() % 4 == 0) lines_[i].value = Value();
    page += headers_[i] + lines_[i].series + ' ' + lines_[i].value + '\n';
  }
  return page;
}

}  // namespace limpet
