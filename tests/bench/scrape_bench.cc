// What reading a page costs: through its layout, through a layout found by its lines, and building
// one.
//
//   scrape_bench [PAGE]
//
// PAGE is an exposition page in the Prometheus text format (a node_exporter's, say); without one, a
// page of 506 samples in the manner of node_exporter. Times are CPU times.
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "agent/scrape/layout_registry.h"

namespace limpet {
namespace {

class MadeUpPage {
 public:
  std::string Make() {
    page_.clear();
    samples_ = 0;
    for (int family = 0; samples_ < 506; ++family) AddFamily(family);
    return page_;
  }

 private:
  // As on a real page most families have one sample, a few have many.
  void AddFamily(int family) {
    const bool wide = family % 40 == 1;
    const std::string name = "node_" + std::string(wide ? "cpu_seconds_" : "memory_Something_") +
                             std::to_string(family) + (wide ? "_total" : "_bytes");
    page_ += "# HELP " + name + " Some words about what this metric is the measure of.\n";
    page_ += "# TYPE " + name + (wide ? " counter\n" : " gauge\n");
    for (int i = 0; i < (wide ? 32 : 1) && samples_ < 506; ++i, ++samples_) {
      page_ += name;
      if (wide) page_ += "{cpu=\"" + std::to_string(i / 8) + "\",mode=\"" + kModes[i % 8] + "\"}";
      page_ += " " + Value() + "\n";
    }
  }

  std::string Value() {
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

  static constexpr const char* kModes[] = {"idle",    "iowait", "irq",    "nice",
                                           "softirq", "steal",  "system", "user"};
  std::mt19937_64 random_{1};
  std::string page_;
  size_t samples_ = 0;
};

double CpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

template <typename F>
void Report(const char* what, const std::string& page, size_t samples, int rounds, F&& read) {
  for (int i = 0; i < rounds / 10 + 1; ++i) read();
  const double begin = CpuSeconds();
  for (int i = 0; i < rounds; ++i) read();
  const double seconds = (CpuSeconds() - begin) / rounds;
  std::printf("%-28s %8.2f us a page  %7.1f ns a sample  %6.2f GB/s\n", what, seconds * 1e6,
              seconds * 1e9 / static_cast<double>(samples),
              static_cast<double>(page.size()) / seconds / 1e9);
}

int Run(const std::string& page) {
  const auto scope = NewLayoutScope(false, true, std::make_shared<const std::vector<RelabelRule>>(),
                                    Labels{{"instance", "i"}, {"job", "j"}});
  LayoutRegistry registry;
  PageValues values;
  PageCounts counts;
  const auto layout = registry.Resolve(*scope, page, 0, nullptr, values, counts);
  if (!layout) {
    std::fprintf(stderr, "%s\n", layout.error().message.c_str());
    return 1;
  }
  std::printf("page: %zu bytes, %zu samples; layout: %zu bytes, with metadata: %zu\n", page.size(),
              (*layout)->page_series(), (*layout)->bytes(),
              static_cast<size_t>(registry.usage().bytes));
  const size_t samples = counts.scraped;
  bool good = true;
  Report("layout match", page, samples, 20000,
         [&] { good = (*layout)->Match(page, values) && good; });
  const std::string with_end = page + "# EOF\n";
  const Page openmetrics(with_end, PageFormat::kOpenMetricsText);
  const auto other = registry.Resolve(*scope, openmetrics, 0, nullptr, values, counts);
  if (other) {
    Report("layout match, OpenMetrics", with_end, samples, 20000,
           [&] { good = (*other)->Match(openmetrics, values) && good; });
  }
  Report("layout found by its lines", page, samples, 2000, [&] {
    good = registry.Resolve(*scope, page, 0, nullptr, values, counts).has_value() && good;
  });
  Report("layout built", page, samples, 200, [&] {
    LayoutRegistry fresh;
    good = fresh.Resolve(*scope, page, 0, nullptr, values, counts).has_value() && good;
  });
  return good ? 0 : 1;
}

}  // namespace
}  // namespace limpet

int main(int argc, char** argv) {
  if (argc < 2) return limpet::Run(limpet::MadeUpPage().Make());
  std::ifstream file(argv[1]);
  return limpet::Run(std::string(std::istreambuf_iterator<char>(file), {}));
}
