#include "agent/scrape/page_metadata.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "agent/scrape/layout_registry.h"

namespace limpet {
namespace {

std::shared_ptr<const LayoutScope> Scope() {
  static const auto scope = NewLayoutScope(
      false, true, std::make_shared<const std::vector<RelabelRule>>(), Labels{{"job", "j"}});
  return scope;
}

class MetadataPages {
 public:
  std::shared_ptr<const Layout> Read(const Page& page, const Layout* previous = nullptr) {
    PageCounts counts;
    auto layout = registry.Resolve(*Scope(), page, 0, previous, values, counts);
    REQUIRE(layout.has_value());
    return *layout;
  }

  LayoutRegistry registry;
  PageValues values;
};

// "TYPE/HELP/UNIT" of each series of the page.
std::vector<std::string> Metadata(const Layout& layout) {
  std::vector<std::string> out;
  for (size_t i = 0; i < layout.page_series(); ++i) {
    const MetricMetadata& metadata = layout.block()->MetadataOf(i);
    out.push_back(std::to_string(static_cast<int>(metadata.type)) + "/" + metadata.help + "/" +
                  metadata.unit);
  }
  return out;
}

using Lines = std::vector<std::string>;

TEST_CASE("a series is part of a family by its name and the family's type") {
  const struct {
    const char* metric;
    const char* family;
    MetricType type;
    bool part;
  } cases[] = {
      {"a", "a", MetricType::kUnknown, true},
      {"ab", "a", MetricType::kGauge, false},
      {"a_total", "a", MetricType::kGauge, false},
      {"a_total", "a", MetricType::kCounter, true},
      {"a_total", "a_total", MetricType::kCounter, true},
      {"a", "a_total", MetricType::kCounter, false},
      {"a_created", "a", MetricType::kCounter, false},
      {"h_bucket", "h", MetricType::kHistogram, true},
      {"h_sum", "h", MetricType::kHistogram, true},
      {"h_count", "h", MetricType::kHistogram, true},
      {"h_gsum", "h", MetricType::kHistogram, false},
      {"h_gsum", "h", MetricType::kGaugeHistogram, true},
      {"s_bucket", "s", MetricType::kSummary, false},
      {"s_count", "s", MetricType::kSummary, true},
      {"s", "s", MetricType::kSummary, true},
      {"build_info", "build", MetricType::kInfo, true},
      {"other", "a", MetricType::kUnknown, false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.metric);
    CAPTURE(c.family);
    CHECK(IsPartOfFamily(c.metric, c.family, c.type) == c.part);
  }
}

TEST_CASE("series have what the last family before them says, if it is theirs") {
  MetadataPages pages;
  const auto layout = pages.Read(
      "x 1\n"
      "# HELP a_total Counts \\\\ and\\nmore \\\".\n# TYPE a_total counter\na_total 1\n"
      "stranger 1\n"
      "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n"
      "# HELP g only help\ng 1\n"
      "# TYPE g gauge\ng{a=\"b\"} 1\n");
  CHECK(Metadata(*layout) == Lines{"0//", "1/Counts \\ and\nmore \\\"./", "0//", "3//", "3//",
                                   "3//", "0/only help/", "2/only help/"});
  const SeriesBlock& block = *layout->block();
  CHECK(block.MetadataOf(layout->page_series()).type == MetricType::kGauge);
  CHECK(block.MetadataOf(layout->page_series() + 1).unit == "seconds");
}

TEST_CASE("the name is the one after relabelling") {
  RelabelRule rule;
  rule.source_labels = {"__name__"};
  rule.regex = *AnchoredRegex::Compile("old");
  rule.target_label = "__name__";
  rule.replacement = "new";
  const auto scope = NewLayoutScope(
      false, true, std::make_shared<const std::vector<RelabelRule>>(1, rule), Labels{{"job", "j"}});
  LayoutRegistry registry;
  PageValues values;
  PageCounts counts;
  const auto layout =
      registry.Resolve(*scope, Page("# TYPE new gauge\nold 1\n"), 0, nullptr, values, counts);
  REQUIRE(layout.has_value());
  CHECK(Metadata(**layout) == Lines{"2//"});
}

TEST_CASE("other help or another type is another layout, another free comment is not") {
  MetadataPages pages;
  const auto layout =
      pages.Read("# HELP a one\n# TYPE a gauge\na 1\n# at 12:00\n# HELP b b\nb 2\n");
  CHECK(layout->Match("# HELP a one\n# TYPE a gauge\na 3\n# at 12:01\n# HELP b b\nb 4\n",
                      pages.values));
  CHECK(
      layout->Match("# HELP a one\n# TYPE a gauge\na 3\n# HELP b b\n#\n#\n  b 4\n", pages.values));
  for (const char* changed : {"# HELP a two\n# TYPE a gauge\na 1\n# at 12:00\n# HELP b b\nb 2\n",
                              "# HELP a one\n# TYPE a counter\na 1\n# at 12:00\n# HELP b b\nb 2\n",
                              "# HELP a one\n# TYPE a gauge\na 1\n# at 12:00\n# HELP b c\nb 2\n",
                              "# HELP a one\n# TYPE a gauge\na 1\n# at 12:00\nb 2\n",
                              "# TYPE a gauge\na 1\n# HELP b b\nb 2\n"}) {
    CAPTURE(changed);
    CHECK_FALSE(layout->Match(changed, pages.values));
    const auto next = pages.Read(changed, layout.get());
    CHECK(Metadata(*next) != Metadata(*layout));
    CHECK_FALSE(next->block()->SameSeries(*layout->block()));
  }
}

TEST_CASE("a layout whose lines only moved keeps the block, metadata and all") {
  MetadataPages pages;
  const auto layout = pages.Read("# TYPE a gauge\na 1\n# TYPE b counter\nb 2\n");
  const auto moved = pages.Read("# TYPE b counter\nb 2\n# TYPE a gauge\na 1\n", layout.get());
  CHECK(moved->block() == layout->block());
}

TEST_CASE("tables are shared by pages that say the same") {
  MetadataPages pages;
  const auto one = pages.Read("# HELP a a\na 1\n# HELP b b\nb 1\n");
  const auto more = pages.Read("# HELP a a\na{x=\"y\"} 1\na 1\n# HELP b b\nb 1\n");
  const auto less = pages.Read("# HELP b b\nb 1\n");
  CHECK(more->block()->metadata_table() == one->block()->metadata_table());
  CHECK(less->block()->metadata_table() == one->block()->metadata_table());
  CHECK(Metadata(*less) == Lines{"0/b/"});
  const auto other = pages.Read("# HELP c c\nc 1\n");
  CHECK(other->block()->metadata_table() != one->block()->metadata_table());
}

TEST_CASE("a small page does not hold on to a large table") {
  MetadataPages pages;
  std::string large;
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "m" + std::to_string(i);
    large += "# HELP " + name + " help of " + name + "\n" + name + " 1\n";
  }
  const auto layout = pages.Read(large);
  const auto small = pages.Read("# HELP m0 help of m0\nm0 1\n");
  CHECK(small->block()->metadata_table() != layout->block()->metadata_table());
}

TEST_CASE("families beyond what a table holds go without") {
  MetadataEntries entries;
  for (int i = 0; i < 70000; ++i) {
    const uint16_t place = entries.Add({MetricType::kGauge, std::to_string(i), ""});
    if (i >= UINT16_MAX) REQUIRE(place == kNoMetadata);
  }
  CHECK(entries.table().size() == 65536);
  CHECK(entries.Add({MetricType::kGauge, "5", ""}) == 6);
}

// "NAME TYPE/HELP/UNIT" of each family.
Lines Families(const Layout& layout) {
  Lines out;
  layout.families()->ForEach([&](std::string_view name, const MetricMetadata& metadata) {
    out.push_back(std::string(name) + " " + std::string(MetricTypeName(metadata.type)) + "/" +
                  metadata.help + "/" + metadata.unit);
  });
  return out;
}

TEST_CASE("all families of a page are known, with what was said last") {
  MetadataPages pages;
  const auto text = pages.Read(
      "a 1\n# HELP late Of \\\\ and\\n\\\".\n# TYPE none gauge\n# TYPE late counter\nlate 1\n"
      "# TYPE \"b.c\" histogram\n# TYPE late gauge\n# HELP behind x");
  CHECK(Families(*text) == Lines{"late gauge/Of \\ and\n\\\"./", "none gauge//", "b.c histogram//",
                                 "behind unknown/x/"});
  CHECK(text->families()->Find("none")->type == MetricType::kGauge);
  CHECK(text->families()->Find("a") == nullptr);
  const auto open = pages.Read(Page(
      "# TYPE a_s counter\n# UNIT a_s s\n# HELP a_s \\\"q\\\"\na_s_total 1\n# TYPE i info\n# EOF\n",
      PageFormat::kOpenMetricsText));
  CHECK(Families(*open) == Lines{"a_s counter/\"q\"/s", "i info//"});
  CHECK(Families(*pages.registry.Empty(*Scope())).empty());
}

TEST_CASE("pages that say the same share their families, whatever their samples are") {
  MetadataPages pages;
  const auto one = pages.Read("# HELP a a\n# TYPE none gauge\na 1\n");
  const auto other = pages.Read("# HELP a a\n# TYPE none gauge\na{x=\"y\"} 1\n");
  CHECK(one->families() == other->families());
  const auto more = pages.Read("# HELP a a\n# TYPE none counter\na 1\n", one.get());
  CHECK(Families(*more) == Lines{"a unknown/a/", "none counter//"});
  CHECK(Families(*one) == Lines{"a unknown/a/", "none gauge//"});
}

TEST_CASE("families beyond the limits are not kept") {
  const auto table = std::make_shared<const MetadataTable>(1);
  const std::string name(PageFamilies::kNameBytesMax / 2, 'n');
  const PageFamilies large({{name, 0}, {name, 0}, {"x", 0}}, table);
  CHECK(large.size() == 2);
  CHECK(PageFamilies({70'000, {"n", 0}}, table).size() == PageFamilies::kFamiliesMax);
}

TEST_CASE("tables that no layout uses are gone") {
  MetadataTables tables;
  std::vector<uint16_t> places;
  MetadataEntries entries;
  entries.Add({MetricType::kGauge, "a help text of some length", "seconds"});
  auto table = tables.Intern(entries, places);
  CHECK(places == std::vector<uint16_t>{0, 1});
  CHECK(tables.usage().tables == 1);
  table = nullptr;
  CHECK(tables.usage().tables == 0);
}

}  // namespace
}  // namespace limpet
