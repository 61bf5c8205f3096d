// Reading a page along the layout of the one before gives what reading it by itself gives.
#include "agent/scrape/page_scan.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <random>
#include <string>
#include <vector>

#include "agent/scrape/exemplar.h"
#include "agent/scrape/layout_registry.h"

namespace limpet {
namespace {

constexpr PageFormat kText = PageFormat::kPrometheusText;
constexpr PageFormat kOpenMetrics = PageFormat::kOpenMetricsText;

// Families of some samples each; a few lines change from one page to the next.
class ChangingPage {
 public:
  ChangingPage(uint64_t seed, PageFormat format) : random_(seed), format_(format) {
    for (size_t n = 1 + Below(20); n > 0; --n) {
      Family family{Gap(), {}};
      for (size_t m = Chance(4) ? Below(120) : 1 + Below(6); m > 0; --m) {
        family.samples.push_back(Sample());
      }
      families_.push_back(std::move(family));
    }
  }

  std::string Next() {
    for (size_t n = Below(6); n > 0; --n) Change();
    std::string page;
    for (const Family& family : families_) {
      page += family.gap;
      for (const std::string& sample : family.samples) page += sample + Tail();
    }
    if (format_ == kOpenMetrics) page += "# EOF\n";
    return page;
  }

 private:
  struct Family {
    std::string gap;
    std::vector<std::string> samples;  // without their numbers
  };
  size_t Below(size_t n) { return random_() % n; }
  bool Chance(size_t one_in) { return Below(one_in) == 0; }

  std::string Gap() {
    if (Chance(8)) return format_ == kOpenMetrics ? "" : "# a comment\n";
    static const std::vector<std::string> kTypes = {"gauge", "histogram", "summary", "counter"};
    const std::string name(1, static_cast<char>('a' + Below(4)));
    return "# HELP " + name + " Text " + std::to_string(Below(3)) + ".\n# TYPE " + name + " " +
           kTypes[Below(kTypes.size())] + "\n";
  }

  std::string Sample() {
    static const std::vector<std::string> kLabels = {"le", "quantile", "job", "x", "dropped"};
    std::string line(1, static_cast<char>('a' + Below(4)));
    if (Chance(4)) line += "_sum";
    if (Chance(10)) return line;
    line += "{path=\"" + std::to_string(Below(400)) + "\"";
    if (Chance(3)) line += "," + kLabels[Below(kLabels.size())] + "=\"1\"";
    return line + (Chance(10) ? ",}" : "}");  // another text of the same series
  }

  std::string Tail() {
    std::string tail = " " + std::to_string(Below(1000));
    if (timestamps_ && Chance(2)) tail += " " + std::to_string(1 + Below(1000));
    if (format_ == kOpenMetrics && Chance(9))
      tail += " # {id=\"" + std::to_string(Below(9)) + "\"} 1";
    return tail + "\n";
  }

  void Change() {
    if (Chance(60)) timestamps_ = !timestamps_;
    Family& family = families_[Below(families_.size())];
    if (Chance(30)) family.gap = Gap();
    std::vector<std::string>& samples = family.samples;
    const auto at = samples.begin() + static_cast<ptrdiff_t>(Below(samples.size() + 1));
    const size_t what = Below(5);
    if (what == 0 || at == samples.end()) {
      samples.insert(at, Sample());
    } else if (what == 1) {
      samples.erase(at);
    } else if (what == 2) {
      samples.insert(at, std::string(*at));  // twice
    } else if (what == 3) {
      std::swap(*at, samples.front());
    } else {
      *at = Sample();
    }
  }

  std::mt19937_64 random_;
  const PageFormat format_;
  std::vector<Family> families_;
  bool timestamps_ = false;
};

std::string TextOf(const Layout& layout, size_t series) {
  return layout.block()->LabelsOf(series).ToString();
}

// All that a layout and a page's numbers say, in some order.
std::vector<std::string> TextsOf(const Layout& layout, const PageValues& values) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < layout.page_series(); ++i) {
    const MetricMetadata& metadata = layout.block()->MetadataOf(i);
    std::string text = TextOf(layout, i) + " " +
                       std::to_string(std::bit_cast<uint64_t>(values.values[i])) + " " +
                       std::to_string(static_cast<int>(metadata.type)) + metadata.help;
    if (layout.HasOwnTimestamp(i)) text += "@" + std::to_string(values.timestamps[i]);
    if (layout.FirstOfSame(i) != i) text += " again " + TextOf(layout, layout.FirstOfSame(i));
    for (const PageExemplar& exemplar : values.exemplars) {
      if (exemplar.series == i) text += " # " + std::string(exemplar.exemplar.labels);
    }
    texts.push_back(text);
  }
  for (size_t i = layout.page_series(); i < layout.block()->size(); ++i) {
    texts.push_back(TextOf(layout, i) + layout.block()->MetadataOf(i).help);
  }
  std::sort(texts.begin(), texts.end());
  const PageCounts& counts = layout.counts();
  texts.push_back(std::to_string(counts.scraped) + " " + std::to_string(counts.post_relabel) + " " +
                  std::to_string(counts.duplicate));
  return texts;
}

SeriesSettings WithRules() {
  RelabelRule drop;
  drop.source_labels = {"path"};
  drop.regex = *AnchoredRegex::Compile("1.*");
  drop.action = RelabelAction::kDrop;
  RelabelRule without;
  without.regex = *AnchoredRegex::Compile("dropped");
  without.action = RelabelAction::kLabelDrop;
  SeriesSettings settings;
  settings.rules =
      std::make_shared<const std::vector<RelabelRule>>(std::vector<RelabelRule>{drop, without});
  return settings;
}

// Reads the pages one after the other, each of them along the one before.
class Reader {
 public:
  explicit Reader(SeriesSettings settings) {
    if (settings.rules == nullptr) {
      settings.rules = std::make_shared<const std::vector<RelabelRule>>();
    }
    scope_ = NewLayoutScope(std::move(settings), target_);
  }
  explicit Reader() : Reader(SeriesSettings()) {}

  // Whether it could be read along.
  bool Read(const std::string& text, PageFormat format = kText) {
    const Page page(text, format);
    ScannedPage alone;
    REQUIRE(ScanPage(page, {}, alone, counts).has_value());
    ScannedPage along;
    const bool good = layout != nullptr && ScanAlong(*layout, page, along, counts);
    if (good) RequireSame(along, alone);
    const auto fresh = Resolve(fresh_registry_, page, nullptr, values);
    const std::vector<std::string> expected = TextsOf(*fresh, values);
    layout = Resolve(registry, page, layout.get(), values);
    REQUIRE(TextsOf(*layout, values) == expected);
    REQUIRE(layout->Match(page, values));
    REQUIRE(TextsOf(*layout, values) == expected);
    fresh_registry_ = LayoutRegistry();
    return good;
  }
  std::string Error(const std::string& text, uint64_t series_max = 0) {
    const auto resolved =
        registry.Resolve(*scope_, Page(text), series_max, layout.get(), values, counts);
    return resolved ? "" : resolved.error().message;
  }

  LayoutRegistry registry;
  std::shared_ptr<const Layout> layout;
  PageValues values;
  PageCounts counts;

 private:
  static void RequireSame(const ScannedPage& along, const ScannedPage& alone) {
    REQUIRE(SameLines(along.lines, alone.lines));
    REQUIRE(along.places.size() == along.lines.size());
    REQUIRE(along.tails.size() == alone.tails.size());
    for (size_t i = 0; i < alone.tails.size(); ++i) {
      REQUIRE(along.tails[i].value == alone.tails[i].value);
      REQUIRE(along.tails[i].has_timestamp == alone.tails[i].has_timestamp);
    }
    REQUIRE(along.exemplars.size() == alone.exemplars.size());
    for (size_t i = 0; i < alone.exemplars.size(); ++i) {
      REQUIRE(along.exemplars[i].first == alone.exemplars[i].first);
    }
  }
  std::shared_ptr<const Layout> Resolve(LayoutRegistry& layouts, const Page& page,
                                        const Layout* previous, PageValues& out) {
    auto resolved = layouts.Resolve(*scope_, page, 0, previous, out, counts);
    REQUIRE(resolved.has_value());
    if (*resolved != nullptr) return *resolved;
    scope_ = OwnScope(*scope_, target_);
    resolved = layouts.Resolve(*scope_, page, 0, previous, out, counts);
    REQUIRE(resolved.has_value());
    return *resolved;
  }

  const Labels target_{{"instance", "i"}, {"job", "j"}};
  std::shared_ptr<const LayoutScope> scope_;
  LayoutRegistry fresh_registry_;
};

}  // namespace

TEST_CASE("pages that change in some lines are read along the ones before") {
  size_t along = 0;
  for (uint64_t seed = 1; seed <= 160; ++seed) {
    CAPTURE(seed);
    SeriesSettings settings = seed % 3 == 0 ? SeriesSettings() : WithRules();
    settings.honor_labels = seed % 4 == 0;
    settings.honor_timestamps = seed % 5 != 0;
    settings.extra_metrics = seed % 7 == 0;
    const PageFormat format = seed % 2 == 0 ? kText : kOpenMetrics;
    Reader reader(settings);
    ChangingPage page(seed, format);
    for (int scrape = 0; scrape < 30; ++scrape) {
      CAPTURE(scrape);
      if (reader.Read(page.Next(), format)) ++along;
    }
  }
  CHECK(along > 2000);
}

TEST_CASE("a line that comes in place of another, comes or goes is all that is read") {
  Reader reader;
  const std::string head = "# TYPE a gauge\na{x=\"0\"} 1\n";
  const std::string rest = "# HELP b Text.\n# TYPE b summary\nb{quantile=\"1\"} 1\nb_sum 2\n";
  CHECK_FALSE(reader.Read(head + rest));
  CHECK(reader.Read("# TYPE a gauge\na{x=\"1\"} 1\n" + rest));
  CHECK(reader.Read(head + "a{x=\"2\"} 1\n" + rest));
  CHECK(reader.Read(head + rest + "b_count 3\nb_other 1\n"));
  CHECK(reader.Read(head + "# HELP b Text.\n# TYPE b summary\n"));
  CHECK_FALSE(reader.Read(head + rest));  // what a page ends with may have been cut off
  // The TYPE is that of the place where the new line stands.
  CHECK(reader.Read(head + rest + "b{quantile=\"2\"} 1\n"));
  CHECK(reader.layout->block()->LabelsOf(reader.layout->page_series() - 1).Get("quantile") ==
        "2.0");
}

TEST_CASE("a new name has what the page says of it, be that nothing") {
  Reader reader;
  CHECK_FALSE(reader.Read("a 1\nb 1\n"));
  CHECK(reader.Read("a 1\nc 1\n"));
  CHECK(reader.layout->block()->MetadataOf(1) == NoMetadata());
  CHECK_FALSE(reader.Read("a 1\n# TYPE s summary\n# HELP s Text.\ns 1\n"));
  CHECK(reader.Read("a 1\n# TYPE s summary\n# HELP s Text.\ns 1\ns_sum 1\nother 1\n"));
  CHECK(reader.layout->block()->MetadataOf(2).help == "Text.");
  CHECK(reader.layout->block()->MetadataOf(3) == NoMetadata());
}

TEST_CASE("what is not said by lines of samples alone is read anew") {
  Reader reader;
  const std::string samples = "h{le=\"1\"} 1\nh{le=\"2\"} 1\n";
  CHECK_FALSE(reader.Read("# TYPE h histogram\n" + samples));
  CHECK_FALSE(reader.Read("# TYPE h gauge\n" + samples));
  CHECK(TextOf(*reader.layout, 0).find("\"1\"") != std::string::npos);
  CHECK_FALSE(reader.Read("# TYPE h gauge\n# HELP h Text.\n" + samples));
  CHECK_FALSE(reader.Read("# TYPE h gauge\n# HELP h Text.\n\n" + samples));
  CHECK_FALSE(reader.Read("# TYPE h gauge\n# HELP h Text.\n" + samples + "# TYPE i gauge\n"));
  CHECK_FALSE(reader.Read(samples));
  CHECK_FALSE(reader.Read("h{le=\"1\"} 1 1000\nh{le=\"2\"} 1\n"));
  std::string others;
  for (int i = 0; i < 100; ++i) others += "h{le=\"" + std::to_string(i * 7 + 3) + "\"} 1\n";
  CHECK_FALSE(reader.Read(others));
}

TEST_CASE("what a duplicate was one of may go, and it is a series then") {
  Reader reader;
  CHECK_FALSE(reader.Read("a{x=\"1\"} 1\na{x=\"1\",} 2\nb 1\n"));
  CHECK(reader.layout->counts().duplicate == 1);
  CHECK(reader.Read("a{x=\"1\",} 2\nb 1\n"));
  CHECK(reader.layout->counts().duplicate == 0);
  CHECK(reader.Read("a{x=\"1\",} 2\nb 1\nb 5\nup 1\n"));  // the last one is a report series
  CHECK(reader.layout->counts().duplicate == 2);
  CHECK(reader.values.values[1] == 1);
}

TEST_CASE("a page that breaks a limit or is wrong is refused with the same words") {
  SeriesSettings settings;
  settings.label_limit = 4;
  Reader reader(settings);
  const std::string page = "a{x=\"1\"} 1\nb 1\n";
  reader.Read(page);
  CHECK(reader.Error(page + "c{x=\"1\",y=\"1\"} 1\n").find("label_limit exceeded") == 0);
  CHECK(reader.Error(page + "c{x=\"1\"} one\n").find("line 3: expected a number") == 0);
  CHECK(reader.counts.scraped == 2);
  CHECK(reader.Error(page + "c 1\n", 2) == "sample limit exceeded");
  CHECK(reader.Error(page + "c 1\n", 3).empty());
}

}  // namespace limpet
