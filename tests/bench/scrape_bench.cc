// What reading a page costs: through its layout (as text, OpenMetrics and protobuf), through a
// layout found by its lines, and building one.
//
//   scrape_bench [PAGE]
//
// PAGE is an exposition page in the Prometheus text format (a node_exporter's, say); without one, a
// page of 506 samples in the manner of node_exporter. Times are CPU times.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "agent/scrape/layout_registry.h"
#include "agent/scrape/metrics.pb.h"
#include "agent/scrape/page_reader.h"
#include "tests/bench/cpu_clock.h"
#include "tests/bench/made_up_page.h"

namespace limpet {
namespace {

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

void Append(const metrics::MetricFamily& family, std::string& page) {
  if (family.metric_size() == 0) return;
  const std::string message = family.SerializeAsString();
  for (size_t size = message.size();; size >>= 7) {
    page += static_cast<char>(size >= 0x80 ? size | 0x80 : size);
    if (size < 0x80) break;
  }
  page += message;
}

// The same samples in protobuf; each is of a counter or a gauge.
std::string AsProtobuf(const std::string& text) {
  std::string page;
  PageReader reader(text, {});
  metrics::MetricFamily family;
  std::vector<Label> labels;
  for (;;) {
    const Result<bool> more = reader.Next();
    if (!more || !*more) break;
    if (!reader.DecodeLabels(labels)) break;
    metrics::Metric metric;
    std::string name;
    for (const Label& label : labels) {
      if (label.name == "__name__") {
        name = label.value;
      } else {
        metrics::LabelPair& pair = *metric.add_label();
        pair.set_name(label.name);
        pair.set_value(label.value);
      }
    }
    if (family.name() != name) {
      Append(family, page);
      family.Clear();
      family.set_name(name);
      family.set_type(metrics::GAUGE);
    }
    for (const MetadataLine& line : reader.metadata()) {
      if (line.kind == MetadataLine::Kind::kHelp) family.set_help(std::string(line.text));
      if (line.type == MetricType::kCounter) family.set_type(metrics::COUNTER);
    }
    if (family.type() == metrics::COUNTER) {
      metric.mutable_counter()->set_value(reader.tail().value);
    } else {
      metric.mutable_gauge()->set_value(reader.tail().value);
    }
    *family.add_metric() = std::move(metric);
  }
  Append(family, page);
  return page;
}

// Histograms alone: classic ones of 11 buckets, or native ones of 40.
std::string Histograms(bool native) {
  std::string page;
  std::mt19937_64 random(1);
  for (int i = 0; i < 5; ++i) {
    metrics::MetricFamily family;
    family.set_name("http_request_duration_seconds_" + std::to_string(i));
    family.set_help("Some words about what this metric is the measure of.");
    family.set_type(metrics::HISTOGRAM);
    for (int handler = 0; handler < 8; ++handler) {
      metrics::Metric& metric = *family.add_metric();
      metrics::LabelPair& label = *metric.add_label();
      label.set_name("handler");
      label.set_value("/api/v1/" + std::to_string(handler));
      metrics::Histogram& histogram = *metric.mutable_histogram();
      uint64_t count = 0;
      if (native) {
        histogram.set_schema(3);
        for (int span = 0; span < 4; ++span) {
          histogram.add_positive_span()->set_offset(3);
          histogram.mutable_positive_span(span)->set_length(10);
        }
        int64_t last = 0;
        for (int bucket = 0; bucket < 40; ++bucket) {
          const auto now = static_cast<int64_t>(1 + random() % 1000);
          histogram.add_positive_delta(now - last);
          last = now;
          count += static_cast<uint64_t>(now);
        }
      } else {
        for (int bucket = 0; bucket < 11; ++bucket) {
          count += random() % 1000;
          histogram.add_bucket()->set_upper_bound(0.005 * (1 << bucket));
          histogram.mutable_bucket(bucket)->set_cumulative_count(count);
        }
      }
      histogram.set_sample_count(count);
      histogram.set_sample_sum(static_cast<double>(count) * 0.1);
    }
    Append(family, page);
  }
  return page;
}

// The same as text: classic ones.
std::string TextHistograms() {
  std::string page;
  for (int i = 0; i < 5; ++i) {
    const std::string name = "http_request_duration_seconds_" + std::to_string(i);
    page += "# HELP " + name + " Some words about what this metric is the measure of.\n";
    page += "# TYPE " + name + " histogram\n";
    for (int handler = 0; handler < 8; ++handler) {
      const std::string label = "{handler=\"/api/v1/" + std::to_string(handler) + "\"";
      for (int bucket = 0; bucket < 11; ++bucket) {
        page += name + "_bucket" + label + ",le=\"" + std::to_string(0.005 * (1 << bucket)) +
                "\"} " + std::to_string(500 * (bucket + 1)) + "\n";
      }
      page += name + "_bucket" + label + ",le=\"+Inf\"} 6000\n";
      page += name + "_sum" + label + "} 123.5\n";
      page += name + "_count" + label + "} 6000\n";
    }
  }
  return page;
}

bool ReportHistograms(const char* what, const std::string& bytes, PageFormat format, bool convert) {
  SeriesSettings settings;
  settings.histograms.native = true;
  settings.histograms.convert = convert;
  settings.rules = std::make_shared<const std::vector<RelabelRule>>();
  const auto scope = NewLayoutScope(std::move(settings), Labels{{"instance", "i"}, {"job", "j"}});
  const Page page(bytes, format);
  LayoutRegistry registry;
  PageValues values;
  PageCounts counts;
  const auto layout = registry.Resolve(*scope, page, 0, nullptr, values, counts);
  bool good = layout.has_value();
  if (!good) return false;
  Report(what, bytes, counts.scraped, 20000,
         [&] { good = (*layout)->Match(page, values) && good; });
  return good;
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
  constexpr PageFormat kText = PageFormat::kPrometheusText;
  constexpr PageFormat kProtobuf = PageFormat::kProtobuf;
  good = ReportHistograms("layout match, protobuf", AsProtobuf(page), kProtobuf, false) && good;
  good = ReportHistograms("  classic histograms", Histograms(false), kProtobuf, false) && good;
  good = ReportHistograms("  converted", Histograms(false), kProtobuf, true) && good;
  good = ReportHistograms("  native histograms", Histograms(true), kProtobuf, false) && good;
  good = ReportHistograms("  classic, text", TextHistograms(), kText, false) && good;
  good = ReportHistograms("  converted, text", TextHistograms(), kText, true) && good;
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
  if (argc < 2) return limpet::Run(limpet::MadeUpPages(506).Next());
  std::ifstream file(argv[1]);
  return limpet::Run(std::string(std::istreambuf_iterator<char>(file), {}));
}
