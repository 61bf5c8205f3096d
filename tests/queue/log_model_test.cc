// Random histories of a log, held against a model that knows which scrapes may be missing and why.
//
// Every history comes from a seed. LIMPET_LOG_MODEL_SEED replays one (and prints its steps),
// LIMPET_LOG_MODEL_RUNS sets how many are tried, from the seed LIMPET_LOG_MODEL_FIRST on, so that
// other numbers are other histories; "crash: histories" tries thousands.
#include <doctest/doctest.h>

#include <cstdlib>
#include <iostream>
#include <random>
#include <set>

#include "tests/queue/damage_model.h"
#include "tests/queue/log_fixture.h"

using namespace limpet;

namespace {

struct ModelReader {
  std::string name;
  std::unique_ptr<LogReader> reader;
  int64_t acknowledged = -1;     // the sequence
  int64_t last = -1;             // of the windows given out; what follows is greater
  std::set<int64_t> window;      // given out of the next one, which is not complete
  std::vector<int64_t> targets;  // of that window, in order
  bool after_crash = false;      // may start before what was acknowledged
  std::set<int64_t> skipped;     // passed over in this process, without a crash to explain it
  std::set<int64_t> damaged;     // passed over, and a flipped bit may be why
  bool went_back = false;        // in this process
  uint64_t skipped_samples = 0;
  // By the process before: of what it counted and moved the cursor over, the next one may be the
  // first that has a scrape behind it.
  uint64_t counted_ahead = 0;
  std::set<int64_t> had;  // in this process or an earlier one
  struct Given {
    int64_t before;  // the last sequence before the window
    int64_t last;    // and in it
    LogPosition end;
  };
  std::vector<Given> given;  // and not acknowledged
  LogPosition position;
};

class History {
 public:
  History(uint32_t seed, bool verbose) : random_(seed), verbose_(verbose) {
    f_.options.segment_bytes = 3000 + random_() % 20'000;
    f_.options.tail_bytes = 4000 + random_() % 8000;
    f_.options.max_bytes = 1ull << 30;
    flips_bits_ = random_() % 2 == 0;
    readers_.resize(2);
    readers_[0].name = "a";
    readers_[1].name = "b";
    OpenLog();
  }

  void Run(int steps) {
    for (int i = 0; i < steps && failure_.empty(); ++i) Step();
    if (!failure_.empty()) return;
    Say("end");
    ClearFaults();
    for (int i = 0; i < 40; ++i) f_.Advance(Millis(4000));
    NoteState();
    if (f_.log->stats().degraded) Fail("the log has not healed");
    for (ModelReader& r : readers_) {
      ReadSome(r, 1 << 30, true);
      if (r.last != next_ - 1) Account(r, next_);
      CheckDropped(r);
    }
    damage_seen_ += f_.log->stats().damaged_records_total;
    if (missed_by_damage_ && damage_seen_ == 0) Fail("damage was passed over in silence");
  }

  const std::string& failure() const { return failure_; }

 private:
  void Step() {
    const uint32_t dice = random_() % 24;
    if (dice < 5) return Append(1 + random_() % 30);
    if (dice < 6) return Append(100 + random_() % 200);
    if (dice < 9) return RunDisk(random_() % 40);
    if (dice < 11) return f_.RunLoop();
    if (dice < 14) return ReadSome(AnyReader(), random_() % 60, false);
    if (dice < 16) return ReadSome(AnyReader(), random_() % 200, true);
    if (dice < 17) return Rewind(AnyReader());
    if (dice < 20) return Advance();
    if (dice < 21) return MakeFault();
    if (dice < 22) return ClearFaults();
    if (dice < 23) return random_() % 2 == 0 ? FlipBits() : NewReader(AnyReader());
    return random_() % 4 == 0 ? Restart() : RunDisk(1000);
  }

  ModelReader& AnyReader() { return readers_[random_() % readers_.size()]; }

  void OpenLog() {
    f_.Open();
    for (ModelReader& r : readers_) {
      r.reader = f_.log->NewReader(r.name);
      r.position = r.reader->position();
      r.given.clear();
      r.window.clear();
      r.targets.clear();
      r.skipped.clear();
      r.damaged.clear();
      r.went_back = false;
      r.skipped_samples = 0;
    }
    first_segment_ = static_cast<LogImpl&>(*f_.log).segments().rbegin()->first;
    written_ = next_;
    sync_errors_ = 0;
  }

  void Append(int scrapes) {
    Say("append", scrapes);
    for (int i = 0; i < scrapes; ++i) f_.Append(static_cast<uint64_t>(next_++));
    NoteState();
  }

  void RunDisk(int tasks) {
    Say("disk", tasks);
    for (int i = 0; i < tasks && f_.disk->RunOne(); ++i) {
    }
    NoteState();
  }

  void Advance() {
    const int ms = 1 + static_cast<int>(random_() % 3000);
    Say("advance", ms);
    const int64_t before = next_;
    const bool clean = NoteState();
    AdvanceTime(ms);
    // What was written before a whole sync interval has been synced.
    if (NoteState() && clean && ms > 1000 && f_.log->stats().sync_errors_total == sync_errors_) {
      synced_ = before;
    }
    sync_errors_ = f_.log->stats().sync_errors_total;
  }

  void AdvanceTime(int ms) {
    if (read_errors_ms_ > 0 && (read_errors_ms_ -= ms) <= 0) f_.files.FailReads(0);
    f_.Advance(Millis(ms));
  }

  // Whether all that was appended is with the system.
  bool NoteState() {
    damage_.Refresh(next_, first_segment_);
    const LogStats& stats = f_.log->stats();
    // Stopped, but the loop has not been told yet.
    const bool stopped = static_cast<LogImpl&>(*f_.log).disk().stopped();
    const bool clean = !stats.degraded && !stopped && f_.disk->ready.empty() &&
                       stats.write_errors_total + stats.sync_errors_total == errors_;
    if (clean) {
      written_ = next_;
      return true;
    }
    // From the first failure until it has healed nothing is sure to be on disk, and what was given
    // up meanwhile stays in memory.
    if (stats.degraded || stopped ||
        stats.write_errors_total + stats.sync_errors_total != errors_) {
      for (int64_t s = std::min(written_, synced_); s < next_; ++s) unsure_.insert(s);
    }
    if (!stats.degraded && !stopped && f_.disk->ready.empty()) {
      errors_ = stats.write_errors_total + stats.sync_errors_total;
      // Healed: unless a segment was given up or memory was too small, all of it has been written.
      if (stats.sync_errors_total + stats.samples_lost_total == 0) unsure_.clear();
    }
    return false;
  }

  void MakeFault() {
    switch (random_() % 5) {
      case 0:
        Say("disk full soon");
        return f_.files.SetFreeBytes(random_() % 6000);
      case 1:
        Say("write errors");
        if (random_() % 2 == 0) return f_.files.FailWritesAfter(random_() % 6000, EIO);
        return f_.files.FailWrites(random_() % 2 == 0 ? EIO : EROFS);
      case 2:
        Say("sync errors");
        return f_.files.FailSyncs(1 + static_cast<int>(random_() % 2));
      default:
        Say("read errors");
        read_errors_ms_ = 10'000;  // shorter than what makes a reader pass over something
        return f_.files.FailReads(EIO);
    }
  }

  void ClearFaults() {
    Say("no faults");
    f_.files.SetFreeBytes(std::nullopt);
    f_.files.FailWrites(0);
    f_.files.FailSyncs(0);
    f_.files.FailReads(0);
  }

  void FlipBits() {
    if (!flips_bits_) return;
    const std::string path = damage_.FlipBit(random_);
    Say(("flip a bit of " + path).c_str());
    damage_.Refresh(next_, first_segment_);
  }

  void Restart() {
    NoteState();
    ClearFaults();
    for (ModelReader& r : readers_) {
      CheckDropped(r);
      r.counted_ahead = r.reader->samples_lost().total() -
                        std::min(r.skipped_samples, r.reader->samples_lost().total());
    }
    const uint32_t how = random_() % 3;
    Say(how == 0 ? "close" : how == 1 ? "kill" : "power cut");
    const int64_t safe = how == 0 ? next_ : how == 1 ? written_ : std::min(written_, synced_);
    const bool degraded = f_.log->stats().degraded;
    damage_seen_ += f_.log->stats().damaged_records_total;
    for (ModelReader& r : readers_) {
      r.reader.reset();
    }
    if (how == 0) f_.CloseLog();
    if (how == 1) f_.Kill();
    if (how == 2) f_.CutPower(random_);
    damage_.Refresh(next_, first_segment_);
    if (random_() % 2 == 0) FlipBits();
    for (ModelReader& r : readers_) {
      r.after_crash = r.after_crash || how != 0 || degraded || damage_.cursors_flipped();
      r.last = r.after_crash ? -1 : r.acknowledged;
    }
    for (int64_t s = how == 0 && !degraded ? next_ : safe; s < next_; ++s) gone_.insert(s);
    gone_.merge(unsure_);
    unsure_.clear();
    errors_ = 0;
    if (how != 1) synced_ = next_;
    OpenLog();
  }

  void NewReader(ModelReader& r) {
    Say("new reader", r.name[0] - 'a');
    CheckDropped(r);
    r.reader = f_.log->NewReader(r.name);
    GoBack(r);
  }

  void Rewind(ModelReader& r) {
    Say("rewind", r.name[0] - 'a');
    r.reader->Rewind();
    GoBack(r);
  }

  static void GoBack(ModelReader& r) {
    if (!r.given.empty()) r.last = std::min(r.last, r.given.front().before);
    r.went_back = true;
    r.given.clear();
    r.window.clear();
    r.targets.clear();
    r.position = r.reader->position();
  }

  void ReadSome(ModelReader& r, int scrapes, bool acknowledge) {
    Say(acknowledge ? "read, acknowledge" : "read", scrapes);
    // Going on may take several turns of disk and loop: a piece to read, damage, a piece.
    for (int idle = 0; scrapes > 0 && idle < 12 && failure_.empty();) {
      const ScrapeView* view = r.reader->Next();
      if (view == nullptr) {
        f_.Settle();
        AdvanceTime(1001);
        NoteState();
        ++idle;
        continue;
      }
      idle = 0;
      --scrapes;
      Take(r, *view);
    }
    if (!acknowledge || r.given.empty()) return;
    // Often not all of it.
    const size_t upto = random_() % 2 == 0 ? r.given.size() : random_() % r.given.size() + 1;
    r.acknowledged = r.given[upto - 1].last;
    r.after_crash = false;
    r.reader->Acknowledge(r.given[upto - 1].end);
    r.given.erase(r.given.begin(), r.given.begin() + static_cast<ptrdiff_t>(upto));
  }

  void Take(ModelReader& r, const ScrapeView& view) {
    const auto sequence = static_cast<int64_t>(SequenceOf(view));
    if (!Same(MakeScrape(static_cast<uint64_t>(sequence)), view)) {
      return Fail("scrape " + std::to_string(sequence) + " came back changed");
    }
    const bool base_known = !r.after_crash || r.last >= 0;
    if (base_known && sequence <= r.last) {
      return Fail("scrape " + std::to_string(sequence) + " after " + std::to_string(r.last));
    }
    NoteTarget(r, sequence);
    r.window.insert(sequence);
    r.had.insert(sequence);
    if (!AtWindowEnd(*r.reader, r.position)) return;
    r.position = r.reader->position();
    const int64_t last = *r.window.rbegin();
    if (!base_known) r.last = std::min(*r.window.begin() - 1, r.acknowledged);
    Account(r, last);
    r.given.push_back({r.last, last, r.position});
    r.last = last;
    r.window.clear();
    r.targets.clear();
  }

  // Target by target, each in order.
  void NoteTarget(ModelReader& r, int64_t sequence) {
    const int64_t target = sequence % 3;
    if (r.targets.empty() || r.targets.back() != target) {
      if (std::ranges::find(r.targets, target) != r.targets.end()) Fail("a target came twice");
      r.targets.push_back(target);
    }
    for (const int64_t s : r.window) {
      if (s >= sequence && s % 3 == target) Fail("a target's scrapes out of order");
    }
  }

  // What lies between the last scrape and this one must have a reason to be missing.
  void Account(ModelReader& r, int64_t sequence) {
    for (int64_t s = r.last + 1; s < sequence; ++s) {
      if (gone_.contains(s) || r.had.contains(s)) continue;
      (damage_.MayMiss(s) ? r.damaged : r.skipped).insert(s);
      if (verbose_)
        std::cerr << (damage_.MayMiss(s) ? "damaged, not seen " : "not seen ") << s << ", last "
                  << r.last << "\n";
    }
  }

  void CheckDropped(ModelReader& r) {
    for (const int64_t s : r.damaged) {
      if (r.had.contains(s)) continue;
      // Whoever wrote a segment knows, at its end, how many samples it had. Only damage behind what
      // was counted before may go uncounted.
      const uint64_t segment = damage_.SegmentOf(s);
      if (segment > 0 && r.reader->samples_lost().total() == 0) missed_by_damage_ = true;
      const bool left = segment >= first_segment_ && segment < r.position.segment;
      if (left && !r.went_back) r.skipped.insert(s);
    }
    for (const int64_t s : r.skipped) {
      r.skipped_samples += MakeScrape(static_cast<uint64_t>(s)).values.size();
    }
    if (r.skipped_samples > r.reader->samples_lost().total() + r.counted_ahead) {
      Fail(r.name + " missed " + std::to_string(r.skipped_samples) + " samples, but only " +
           std::to_string(r.reader->samples_lost().total()) + " were counted");
    }
    r.had.merge(r.skipped);  // explained: the next process does not count it again
    r.skipped.clear();
  }

  void Fail(std::string what) {
    if (failure_.empty()) failure_ = std::move(what);
  }
  void Say(const char* step, int64_t number = -1) {
    if (!verbose_) return;
    std::cerr << "next " << next_ << " written " << written_ << " synced " << synced_ << " unsure "
              << unsure_.size() << ": " << step << " " << number << "\n";
  }

  std::mt19937 random_;
  bool verbose_;
  LogFixture f_;
  std::vector<ModelReader> readers_;
  int64_t next_ = 0;          // sequence to append
  int64_t written_ = 0;       // all before it are with the system
  int64_t synced_ = 0;        // and these on the medium
  std::set<int64_t> unsure_;  // may be in memory alone
  std::set<int64_t> gone_;    // a crash may have taken them
  bool flips_bits_ = false;
  DamageModel damage_{f_.files, "/storage"};
  uint64_t first_segment_ = 0;  // of this process
  uint64_t damage_seen_ = 0;
  bool missed_by_damage_ = false;
  int read_errors_ms_ = 0;
  uint64_t errors_ = 0;
  uint64_t sync_errors_ = 0;
  std::string failure_;
};

uint32_t FromEnvironment(const char* name, uint32_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : static_cast<uint32_t>(std::strtoul(text, nullptr, 10));
}

}  // namespace

TEST_CASE("random histories lose nothing that they may not lose") {
  const uint32_t replay = FromEnvironment("LIMPET_LOG_MODEL_SEED", 0);
  const uint32_t runs = replay != 0 ? 1 : FromEnvironment("LIMPET_LOG_MODEL_RUNS", 50);
  const uint32_t first = FromEnvironment("LIMPET_LOG_MODEL_FIRST", 1);
  for (uint32_t run = 0; run < runs; ++run) {
    const uint32_t seed = replay != 0 ? replay : first + run;
    History history(seed, replay != 0);
    history.Run(300);
    INFO("LIMPET_LOG_MODEL_SEED=", seed, " replays it");
    REQUIRE_MESSAGE(history.failure().empty(), history.failure());
  }
}
