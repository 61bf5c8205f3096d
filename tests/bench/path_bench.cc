// What each step of a scrape costs, from the body to the request: inflating, reading through the
// layout, the log's record, the request, snappy. And how that grows with pages, targets and churn.
//
//   path_bench [CASE]
//
// CASE is part of a case's name; without it, all of them.
// Targets take turns; their pages are in the manner of node_exporter, a quarter of the values move.
// Times are CPU times of one thread; what the kernel does for sockets and files is not in them.
#include <libdeflate.h>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/platform/gzip.h"
#include "agent/scrape/target_series.h"
#include "queue/segment_encoder.h"
#include "queue/wire_request.h"
#include "tests/bench/cpu_clock.h"
#include "tests/bench/made_up_page.h"

namespace limpet {
namespace {

struct Case {
  const char* name;
  size_t samples = 506;
  size_t targets = 100;
  size_t churn = 0;  // series of a page that are others at each scrape
};

// Adds what has passed since it was made.
class Stopwatch {
 public:
  explicit Stopwatch(double& seconds) : seconds_(seconds), begin_(CpuSeconds()) {}
  ~Stopwatch() { seconds_ += CpuSeconds() - begin_; }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  double& seconds_;
  const double begin_;
};

std::string Compressed(const std::string& page) {
  libdeflate_compressor* compressor = libdeflate_alloc_compressor(5);
  std::string out(libdeflate_gzip_compress_bound(compressor, page.size()), '\0');
  out.resize(
      libdeflate_gzip_compress(compressor, page.data(), page.size(), out.data(), out.size()));
  libdeflate_free_compressor(compressor);
  return out;
}

class Path {
 public:
  explicit Path(size_t targets) : memory_(SystemClock()), builder_(SystemClock(), memory_, {}) {
    builder_.SetProtocol(WireProtocol::kV1);
    writer_.append = [this](const ScrapeView& view) { Append(view); };
    const auto rules = std::make_shared<const std::vector<RelabelRule>>();
    for (size_t i = 0; i < targets; ++i) {
      const Labels labels{{"instance", "10.244.1." + std::to_string(i) + ":9100"}, {"job", "node"}};
      targets_.push_back(std::make_unique<TargetSeries>(
          writer_.layouts.Intern(NewLayoutScope(false, true, rules, labels)), labels));
    }
  }

  // One scrape of the next target.
  bool Scrape(const std::string& body) {
    TargetSeries& target = *targets_[next_++ % targets_.size()];
    {
      const Stopwatch watch(inflate_s);
      if (!InflateGzip(body, 1u << 30, page_)) return false;
    }
    const Stopwatch watch(read_s);
    PageCounts counts;
    const auto layout = target.ReadPage(writer_, page_, 0, counts);
    if (!layout) return false;
    const int64_t now_ms = 1'700'000'000'000 + 15 * static_cast<int64_t>(next_);
    target.AppendPage(writer_, *layout, {now_ms, now_ms, 0.5, static_cast<int64_t>(page_.size())});
    ++scrapes;
    samples += counts.scraped;
    page_bytes += page_.size();
    return true;
  }

  void Reset() {
    inflate_s = read_s = log_s = request_s = snappy_s = 0;
    scrapes = samples = page_bytes = record_bytes = message_bytes = 0;
  }

  double inflate_s = 0;
  double read_s = 0;
  double log_s = 0;
  double request_s = 0;
  double snappy_s = 0;
  uint64_t scrapes = 0;
  uint64_t samples = 0;
  uint64_t page_bytes = 0;
  uint64_t record_bytes = 0;
  uint64_t message_bytes = 0;

 private:
  void Append(const ScrapeView& view) {
    const double begin = CpuSeconds();
    record_.clear();
    if (records_.size() > (16u << 20) || encoder_ == nullptr) {
      encoder_ = std::make_unique<SegmentEncoder>(view.timestamp_ms);
      records_.clear();
    }
    encoder_->Encode(view, record_);
    records_ += record_;
    record_bytes += record_.size();
    const double logged = CpuSeconds();
    log_s += logged - begin;
    run_.Clear();
    run_.Append(view);
    for (size_t next = 0; next < run_.series_end();) {
      next = builder_.Add(run_, next, {5000, 4u << 20, INT64_MIN});
      if (next < run_.series_end()) Send();
    }
    const double end = CpuSeconds();
    request_s += end - logged;
    // All of that is inside the reading's time.
    read_s -= end - begin;
  }

  void Send() {
    const double begin = CpuSeconds();
    message_bytes += builder_.message_bytes();
    (void)builder_.Seal();
    const double seconds = CpuSeconds() - begin;
    snappy_s += seconds;
    request_s -= seconds;
  }

  SeriesWriter writer_;
  WireMemory memory_;
  RequestBuilder builder_;
  ScrapeRun run_;
  std::vector<std::unique_ptr<TargetSeries>> targets_;
  std::unique_ptr<SegmentEncoder> encoder_;
  std::string page_;
  std::string record_;
  std::string records_;
  size_t next_ = 0;
};

// The bodies are made ahead where that is not too many; what they cost is not measured.
bool Run(const Case& c) {
  MadeUpPages pages(c.samples);
  Path path(c.targets);
  std::vector<std::string> bodies;
  const size_t rounds = std::max<size_t>(3, 3'000'000 / c.samples / c.targets);
  for (size_t round = 0; round < rounds; ++round) {
    if (round == 1) path.Reset();  // behind the first page of every target
    for (size_t target = 0; target < c.targets; ++target) {
      if (c.churn > 0 || bodies.size() < 8) {
        pages.Churn(c.churn);
        bodies.push_back(Compressed(pages.Next()));
      }
      if (!path.Scrape(c.churn > 0 ? bodies.back() : bodies[(round + target) % bodies.size()])) {
        return false;
      }
      if (c.churn > 0) bodies.clear();
    }
  }
  const auto samples = static_cast<double>(path.samples);
  const auto ns = [&](double seconds) { return seconds * 1e9 / samples; };
  const auto rate = [](uint64_t bytes, double s) { return static_cast<double>(bytes) / s / 1e9; };
  const double all = path.inflate_s + path.read_s + path.log_s + path.request_s + path.snappy_s;
  std::printf(
      "| %-26s | %5.1f (%4.1f) | %6.1f (%4.1f) | %5.1f (%5.2f B) | %5.1f | %5.1f (%4.1f) | %8.1f "
      "|\n",
      c.name, ns(path.inflate_s), rate(path.page_bytes, path.inflate_s), ns(path.read_s),
      rate(path.page_bytes, path.read_s), ns(path.log_s),
      static_cast<double>(path.record_bytes) / samples, ns(path.request_s), ns(path.snappy_s),
      rate(path.message_bytes, path.snappy_s), all * 1e6 / static_cast<double>(path.scrapes));
  return true;
}

}  // namespace
}  // namespace limpet

int main(int argc, char** argv) {
  using limpet::Case;
  std::printf("ns a sample (GB/s)\n");
  std::printf("| | inflate | read the page | record | request | snappy | us a scrape |\n");
  std::printf("|---|---|---|---|---|---|---|\n");
  const std::vector<Case> cases = {
      {"506 samples, 100 targets"},
      {"50 samples", 50},
      {"5000 samples", 5000},
      {"50 000 samples, 10 targets", 50'000, 10},
      {"1 target", 506, 1},
      {"1000 targets", 506, 1000},
      {"5000 targets", 506, 5000},
      {"1 other series a scrape", 506, 100, 1},
      {"5 other series", 506, 100, 5},
      {"50 other series", 506, 100, 50},
      {"506 other series", 506, 100, 506},
      {"5000 samples, 5 other", 5000, 20, 5},
  };
  for (const Case& c : cases) {
    const bool wanted =
        argc < 2 || std::string_view(c.name).find(argv[1]) != std::string_view::npos;
    if (wanted && !limpet::Run(c)) return 1;
  }
}
