// What layouts of pages that differ in places have in common.
#include "agent/scrape/layout_pieces.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "agent/scrape/layout_difference.h"
#include "agent/scrape/layout_registry.h"

using namespace limpet;

namespace {

constexpr int kLines = 10'000;

std::string Line(const std::string& path, int value) {
  return "http_requests_total{code=\"200\",path=\"/" + path + "\"} " + std::to_string(value) + "\n";
}

std::vector<std::string> LargePage() {
  std::vector<std::string> lines;
  for (int i = 0; i < kLines; ++i) {
    if (i % 100 == 0) {
      lines.push_back("# HELP http_requests_total Requests " + std::to_string(i) + ".\n");
    }
    lines.push_back(Line("api/v1/some/endpoint/" + std::to_string(i), i));
  }
  return lines;
}

std::string Joined(const std::vector<std::string>& lines) {
  std::string page;
  for (const std::string& line : lines) page += line;
  return page;
}

class Pages {
 public:
  explicit Pages(bool honor_timestamps = true) {
    SeriesSettings settings;
    settings.honor_timestamps = honor_timestamps;
    settings.rules = std::make_shared<const std::vector<RelabelRule>>();
    scope_ = NewLayoutScope(settings, Labels{{"instance", "a"}, {"job", "b"}});
  }
  std::shared_ptr<const Layout> Resolve(const std::string& page, const Layout* previous = nullptr) {
    PageCounts counts;
    auto layout = registry.Resolve(*scope_, Page(page), 0, previous, values, counts);
    REQUIRE(layout.has_value());
    // Finding it again, and matching it, give the same values.
    const std::vector<double> read = values.values;
    REQUIRE((*layout)->Match(Page(page), values));
    CHECK(std::equal(read.begin(), read.begin() + static_cast<ptrdiff_t>((*layout)->page_series()),
                     values.values.begin()));
    return *layout;
  }
  LayoutRegistry registry;
  PageValues values;

 private:
  std::shared_ptr<const LayoutScope> scope_;
};

size_t ChunksInCommon(const Layout& a, const Layout& b) {
  std::set<const SeriesChunk*> known;
  for (const auto& chunk : a.block()->chunks()) known.insert(chunk.get());
  size_t common = 0;
  for (const auto& chunk : b.block()->chunks()) common += known.count(chunk.get());
  return common;
}

std::shared_ptr<const LogTarget> AnyTarget() {
  static const auto target = NewLogTarget(Labels{{"instance", "a"}, {"job", "b"}});
  return target;
}

}  // namespace

TEST_CASE("a layout that differs in one line costs one piece") {
  Pages pages;
  std::vector<std::string> lines = LargePage();
  const auto first = pages.Resolve(Joined(lines));
  const size_t chunks = first->block()->chunks().size();
  CHECK(chunks > 20);
  const uint64_t bytes = pages.registry.usage().bytes;
  CHECK(bytes > kLines * 50);
  std::vector<std::shared_ptr<const Layout>> others;
  size_t own_chunks =
      0;  // where lines are cut is a matter of their hashes: now and then it is more
  for (int i = 0; i < 50; ++i) {
    std::vector<std::string> changed = lines;
    const int at = i * 200 + 7;
    if (i % 3 == 0) changed.insert(changed.begin() + at, Line("new" + std::to_string(i), 1));
    if (i % 3 == 1) changed.erase(changed.begin() + at);
    if (i % 3 == 2) changed[static_cast<size_t>(at)] = Line("other" + std::to_string(i), 1);
    const auto other = pages.Resolve(Joined(changed), first.get());
    CHECK(other != first);
    own_chunks += other->block()->chunks().size() - ChunksInCommon(*first, *other);
    const auto gone = MissingSeries(*first, *AnyTarget(), *other, *AnyTarget());
    const auto added = MissingSeries(*other, *AnyTarget(), *first, *AnyTarget());
    CHECK(gone.size() == (i % 3 == 0 ? 0 : 1));
    CHECK(added.size() == (i % 3 == 1 ? 0 : 1));
    others.push_back(other);
  }
  CHECK(own_chunks <= 3 * others.size());
  // 2 bytes a series for which metadata it has, and a piece or two of labels and lines.
  CHECK((pages.registry.usage().bytes - bytes) / 50 < kLines * 6);
}

TEST_CASE("labels that change at every scrape do not pile up") {
  Pages pages;
  const std::vector<std::string> lines = LargePage();
  std::shared_ptr<const Layout> layout = pages.Resolve(Joined(lines));
  const uint64_t bytes = pages.registry.usage().bytes;
  for (int i = 0; i < 300; ++i) {
    std::vector<std::string> changed = lines;
    changed[4000] = Line("request-" + std::to_string(i), 1);
    layout = pages.Resolve(Joined(changed), layout.get());
    if (i % 50 == 0) CHECK(pages.registry.usage().bytes < bytes * 11 / 10);
  }
  CHECK(pages.registry.usage().layouts == 1);
}

TEST_CASE("another HELP leaves the labels where they are") {
  Pages pages;
  std::vector<std::string> lines = LargePage();
  const auto first = pages.Resolve(Joined(lines));
  lines[0] = "# HELP http_requests_total Something else.\n";
  const auto second = pages.Resolve(Joined(lines), first.get());
  CHECK(second->block() != first->block());
  CHECK(ChunksInCommon(*first, *second) == first->block()->chunks().size());
  CHECK(second->block()->MetadataOf(0).help == "Something else.");
  CHECK(first->block()->MetadataOf(0).help == "Requests 0.");
  CHECK(MissingSeries(*first, *AnyTarget(), *second, *AnyTarget()).empty());
}

TEST_CASE("a series that comes twice counts once, however far apart the two are") {
  Pages pages;
  std::vector<std::string> lines = LargePage();
  lines.push_back(Line("api/v1/some/endpoint/0", 77));
  lines.push_back("up 5\n");  // one of the report series
  const auto layout = pages.Resolve(Joined(lines));
  CHECK(layout->counts().scraped == kLines + 2);
  CHECK(layout->counts().duplicate == 2);
  CHECK(layout->page_series() == kLines);
  CHECK(pages.values.values[0] == 0);  // the first one counts
}

TEST_CASE("the TYPE that a line stands under is part of it, however far above it is") {
  Pages pages;
  std::string buckets;
  for (int i = 0; i < 1000; ++i) {
    buckets += "h_bucket{le=\"1\",path=\"" + std::to_string(i) + "\"} 1\n";
  }
  const auto histogram = pages.Resolve("# TYPE h histogram\n" + buckets);
  const auto untyped = pages.Resolve("# TYPE h untyped\n" + buckets);
  const auto gauge = pages.Resolve("# TYPE h gauge\n" + buckets);
  for (size_t i = 0; i < 1000; ++i) {
    REQUIRE(histogram->block()->LabelsOf(i).Get("le") == "1.0");
    REQUIRE(untyped->block()->LabelsOf(i).Get("le") == "1");
  }
  CHECK(ChunksInCommon(*untyped, *gauge) == untyped->block()->chunks().size());
}

TEST_CASE("samples with times of their own are told apart by series on the whole page") {
  Pages pages;
  std::vector<std::string> lines = LargePage();
  lines.push_back("http_requests_total{code=\"200\",path=\"/api/v1/some/endpoint/0\"} 77 1000\n");
  const auto layout = pages.Resolve(Joined(lines));
  CHECK(layout->page_series() == kLines + 1);
  CHECK(layout->FirstOfSame(kLines) == 0);
  Pages without(false);
  CHECK(without.Resolve(Joined(lines))->counts().duplicate == 1);
}

TEST_CASE("a page in another order has the same series in the same places") {
  Pages pages;
  std::vector<std::string> lines;
  for (int i = 0; i < 1000; ++i) lines.push_back(Line(std::to_string(i), i));
  const auto first = pages.Resolve(Joined(lines));
  std::vector<std::string> turned(lines.rbegin(), lines.rend());
  const auto second = pages.Resolve(Joined(turned), first.get());
  CHECK(second->block() == first->block());
  CHECK(pages.values.values[17] == 17);
  const auto third = pages.Resolve(Joined(lines), second.get());
  CHECK(third->block() == first->block());
}
