#include "tests/queue/log_fixture.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <numeric>

namespace limpet {
namespace {

class ManualQueue : public DiskQueue {
 public:
  explicit ManualQueue(std::shared_ptr<DiskWork> work) : work_(std::move(work)) {}
  void Post(std::function<void()> function) override {
    if (closed_) return;
    work_->ready.push_back(std::move(function));
    if (work_->at_once > 0) {
      --work_->at_once;
      work_->RunOne();
    }
  }
  void PostAfter(Millis delay, std::function<void()> function) override {
    if (!closed_) work_->delayed.emplace(work_->now_ms + delay.count(), std::move(function));
  }
  bool Close(Millis /*limit*/) override {
    if (closed_) return true;
    closed_ = true;
    work_->delayed.clear();
    while (!work_->hung && work_->RunOne()) {
    }
    work_->ready.clear();
    return !work_->hung;
  }

 private:
  std::shared_ptr<DiskWork> work_;
  bool closed_ = false;
};

}  // namespace

bool DiskWork::RunOne() {
  if (ready.empty()) return false;
  const std::function<void()> next = std::move(ready.front());
  ready.pop_front();
  next();
  return true;
}

void DiskWork::Advance(Millis by) {
  now_ms += by.count();
  while (!delayed.empty() && delayed.begin()->first <= now_ms) {
    ready.push_back(std::move(delayed.begin()->second));
    delayed.erase(delayed.begin());
  }
}

std::unique_ptr<DiskQueue> NewManualQueue(std::shared_ptr<DiskWork> work) {
  return std::make_unique<ManualQueue>(std::move(work));
}

bool Same(const TestScrape& expected, const ScrapeView& view) {
  const auto same_bits = [](double a, double b) {
    return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
  };
  return view.layout->SameSeries(*expected.layout) &&
         view.target->labels == expected.target->labels &&
         view.timestamp_ms == expected.timestamp_ms &&
         std::ranges::equal(view.series, expected.series) &&
         std::ranges::equal(view.values, expected.values, same_bits) &&
         std::ranges::equal(view.timestamps, expected.timestamps) &&
         expected.attachments.SameAs(view);
}

std::shared_ptr<const SeriesBlock> MakeLayout(const std::string& tag, size_t series) {
  SeriesBlock::Builder builder;
  for (size_t i = 0; i < series; ++i) {
    builder.BeginSeries();
    builder.AddLabel("__name__", tag);
    builder.AddLabel("line", std::to_string(i));
  }
  return builder.Build();
}

std::shared_ptr<const LogTarget> MakeTarget(const std::string& instance) {
  return NewLogTarget(Labels{{"instance", instance}, {"job", "test"}});
}

TestScrape MakeScrape(uint64_t sequence, int targets) {
  static const auto kLayouts = std::vector{MakeLayout("a", 20), MakeLayout("b", 20)};
  static const auto kTargets = [] {
    std::vector<std::shared_ptr<const LogTarget>> all;
    for (int i = 0; i < 16; ++i) all.push_back(MakeTarget("host-" + std::to_string(i)));
    return all;
  }();
  TestScrape scrape;
  scrape.layout = kLayouts[sequence % 7 == 3 ? 1 : 0];
  scrape.target = kTargets[sequence % targets];
  scrape.timestamp_ms = 1'700'000'000'000 + static_cast<int64_t>(sequence) * 250;
  for (uint32_t i = 0; i < 20; ++i) {
    if (sequence % 5 == 4 && i % 3 == 1) continue;
    if (sequence % 5 == 4) scrape.series.push_back(i);
    double value = static_cast<double>(sequence * i) / (1 + i % 4);
    if (i == 0) value = static_cast<double>(sequence);
    if (i == 6) value = 42;
    if (i == 7 && sequence % 11 == 0) value = StaleNan();
    scrape.values.push_back(value);
    if (sequence % 9 == 8) scrape.timestamps.push_back(scrape.timestamp_ms - i * 1000);
  }
  const auto last = static_cast<uint32_t>(scrape.values.size() - 1);
  if (sequence % 16 == 5) {
    scrape.attachments.histograms = {{0, HistogramMessage(sequence)}, {last, HistogramMessage(7)}};
  }
  if (sequence % 20 == 13) {
    const std::string labels = ExemplarLabels("trace-" + std::to_string(sequence / 40));
    scrape.attachments.exemplars = {{3, labels, 0.25, scrape.timestamp_ms - 17},
                                    {last, labels, 1.5, 1'700'000'000'000}};
  }
  return scrape;
}

TestScrape MakeLargeScrape(size_t series) {
  TestScrape scrape;
  scrape.layout = MakeLayout("large", series);
  scrape.target = MakeTarget("large");
  scrape.timestamp_ms = 1'700'000'000'000;
  std::mt19937_64 random(1);
  for (size_t i = 0; i < series; ++i) scrape.values.push_back(std::bit_cast<double>(random()));
  return scrape;
}

uint64_t SequenceOf(const ScrapeView& view) { return static_cast<uint64_t>(view.values[0]); }

LogFixture::LogFixture() {
  options.directory = "/storage";
  options.segment_bytes = 64 * 1024;
  options.max_bytes = 64 << 20;
  options.tail_bytes = 16 * 1024;
}

LogFixture::~LogFixture() {
  if (log != nullptr) Kill();
}

void LogFixture::Open() {
  disk = std::make_shared<DiskWork>();
  auto opened = OpenLog(loop, files, clock, options, NewManualQueue(disk));
  REQUIRE_MESSAGE(opened.has_value(), opened.error().message);
  log = std::move(*opened);
}

void LogFixture::CloseLog() {
  log->Close(Millis(1000));
  log.reset();
  RunLoop();
}

void LogFixture::Kill() {
  files.Kill();
  disk->ready.clear();
  disk->hung = true;
  log.reset();
  RunLoop();
}

void LogFixture::CutPower(std::mt19937& random) {
  disk->ready.clear();
  disk->hung = true;
  files.CutPower(random);
  log.reset();
  RunLoop();
}

void LogFixture::RunLoop() {
  // Something to run makes sure that it returns at once.
  loop.Post([] {});
  loop.RunFor(Millis(1000));
}

void LogFixture::Settle() {
  bool busy = true;
  while (busy) {
    busy = false;
    while (disk->RunOne()) busy = true;
    RunLoop();
    busy = busy || !disk->ready.empty();
  }
}

void LogFixture::Advance(Millis by) {
  clock.Advance(by);
  disk->Advance(by);
  Settle();
}

void LogFixture::Append(uint64_t sequence) {
  const TestScrape scrape = MakeScrape(sequence);
  log->Append(scrape.View());
}

void LogFixture::AppendAll(uint64_t begin, uint64_t end) {
  for (uint64_t i = begin; i < end; ++i) {
    Append(i);
    if (i % 20 == 0) Settle();
  }
  Settle();
}

void Collected::Add(const LogReader& reader, const ScrapeView& view) {
  const uint64_t key = view.target->key;
  if (keys_.empty() || keys_.back() != key) {
    CHECK_MESSAGE(std::ranges::find(keys_, key) == keys_.end(), "a target comes twice in a window");
    keys_.push_back(key);
  } else {
    CHECK(SequenceOf(view) > sequences.back());
  }
  sequences.push_back(SequenceOf(view));
  if (!AtWindowEnd(reader, position_)) return;
  position_ = reader.position();
  std::sort(sequences.begin() + static_cast<ptrdiff_t>(window_begin_), sequences.end());
  window_begin_ = sequences.size();
  keys_.clear();
}

uint64_t LogFixture::Take(LogReader& reader, uint64_t scrapes) {
  uint64_t taken = 0;
  int idle = 0;
  for (LogPosition at = reader.position(); taken < scrapes || !AtWindowEnd(reader, at);) {
    if (taken < scrapes) at = reader.position();
    if (reader.Next() != nullptr) {
      ++taken;
      idle = 0;
      continue;
    }
    Settle();
    REQUIRE(++idle < 10);
  }
  return taken;
}

std::vector<uint64_t> LogFixture::ReadAll(LogReader& reader, bool acknowledge) {
  Collected collected(reader);
  // Null may only mean that the disk or the loop has to do something first.
  for (int idle = 0; idle < 12;) {
    const ScrapeView* view = reader.Next();
    if (view == nullptr) {
      Settle();
      ++idle;
      continue;
    }
    idle = 0;
    CHECK(Same(MakeScrape(SequenceOf(*view)), *view));
    collected.Add(reader, *view);
    if (acknowledge) reader.Acknowledge(reader.position());
  }
  return collected.sequences;
}

std::vector<uint64_t> Range(uint64_t begin, uint64_t end) {
  std::vector<uint64_t> numbers(end - begin);
  std::iota(numbers.begin(), numbers.end(), begin);
  return numbers;
}

}  // namespace limpet
