// Random pages: reading them through layouts must give what reading them from scratch gives.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "agent/scrape/layout_registry.h"
#include "agent/scrape/text_parser.h"

namespace limpet {
namespace {

class RandomPage {
 public:
  explicit RandomPage(uint64_t seed) : random_(seed) {}

  // A few lines change from one page to the next, sometimes none but the numbers.
  std::string Next() {
    if (lines_.empty() || Chance(20)) {
      lines_.clear();
      for (size_t n = Below(12); n > 0; --n) lines_.push_back(Line());
    }
    for (size_t n = Chance(3) ? 1 + Below(2) : 0; n > 0 && !lines_.empty(); --n) {
      const size_t at = Below(lines_.size());
      switch (Below(3)) {
        case 0:
          lines_.erase(lines_.begin() + static_cast<ptrdiff_t>(at));
          break;
        case 1:
          lines_.insert(lines_.begin() + static_cast<ptrdiff_t>(at), Line());
          break;
        default:
          std::swap(lines_[at], lines_[Below(lines_.size())]);
      }
    }
    std::string page;
    for (const std::string& line : lines_) {
      page += line;
      if (line.empty() || line[0] == '#' || line == "  ") {
        page += '\n';
        continue;
      }
      page += Value();
      if (Chance(15)) page += " " + std::to_string(Below(1000));
      page += Chance(10) ? " \n" : "\n";
    }
    if (Chance(6) && !page.empty()) page.pop_back();
    if (Chance(8) && !page.empty()) page[Below(page.size())] = Pick("#\" {}=,a1\n\\\xff");
    return page;
  }

 private:
  size_t Below(size_t n) { return n == 0 ? 0 : random_() % n; }
  bool Chance(size_t one_in) { return Below(one_in) == 0; }
  char Pick(std::string_view from) { return from[Below(from.size())]; }

  std::string Line() {
    static const std::vector<std::string> kComments = {"# TYPE h histogram",
                                                       "# TYPE s summary",
                                                       "# TYPE g gauge",
                                                       "# HELP g text",
                                                       "#",
                                                       "",
                                                       "# a comment",
                                                       "  "};
    if (Chance(3)) return kComments[Below(kComments.size())];
    std::string line = Chance(12) ? " " : "";
    line += Pick("abh");
    if (Chance(2)) {
      line += '{';
      for (size_t n = Below(3); n > 0; --n) {
        static const std::vector<std::string> kNames = {"le", "quantile", "job", "x", "\"l.x\""};
        static const std::vector<std::string> kValues = {"1", "0.5", "", "\\n", "v", "\xc3\xa9"};
        line += kNames[Below(kNames.size())] + "=\"" + kValues[Below(kValues.size())] + "\"";
        if (n > 1 || Chance(4)) line += ',';
      }
      line += '}';
    }
    return line + (Chance(8) ? "  " : " ");
  }

  std::string Value() {
    static const std::vector<std::string> kValues = {
        "0", "1", "-1.5", "NaN", "+Inf", "1e+06", "12345678901234567890", "0.1", "1e-400"};
    return Chance(2) ? kValues[Below(kValues.size())] : std::to_string(Below(100000));
  }

  std::mt19937_64 random_;
  std::vector<std::string> lines_;
};

const Labels& TargetLabels() {
  static const Labels labels{{"job", "j"}, {"x", "t"}};
  return labels;
}

// What the layout leaves to the target.
Labels OuterLabels(const LayoutScope& scope) { return scope.shared ? TargetLabels() : Labels(); }

std::string MetadataText(const MetricMetadata& metadata) {
  return " " + std::to_string(static_cast<int>(metadata.type)) + metadata.help;
}

// Labels and values bit for bit, with timestamps and metadata.
std::vector<std::string> Samples(const LayoutScope& scope, const Layout& layout,
                                 const PageValues& page) {
  std::vector<std::string> out;
  for (size_t i = 0; i < layout.page_series(); ++i) {
    LabelsBuilder labels(OuterLabels(scope));
    layout.block()->ForEachLabel(
        i, [&](std::string_view name, std::string_view value) { labels.Set(name, value); });
    std::string line = labels.Build().ToString();
    line += ' ' + std::to_string(std::bit_cast<uint64_t>(page.values[i]));
    if (layout.has_timestamps() && page.timestamps[i] != PageValues::kNoTimestamp) {
      line += ' ' + std::to_string(page.timestamps[i]);
    }
    line += MetadataText(layout.block()->MetadataOf(i));
    out.push_back(line);
  }
  // A layout may list its series in the order of an earlier page.
  std::sort(out.begin(), out.end());
  return out;
}

// What a gap says of families, read line by line.
void ReadFamilies(std::string_view gap, std::map<std::string, MetricMetadata>& families,
                  std::string& current) {
  static const std::map<std::string, MetricType> kTypes = {
      {"histogram", MetricType::kHistogram},
      {"summary", MetricType::kSummary},
      {"gauge", MetricType::kGauge},
  };
  std::istringstream lines{std::string(gap)};
  for (std::string line; std::getline(lines, line);) {
    line.erase(0, line.find_first_not_of(" \t"));
    std::istringstream words(line);
    std::string hash, keyword, name, text;
    words >> hash >> keyword >> std::ws;
    std::getline(words, name);
    const size_t name_end = std::min(name.size(), name.find_first_not_of("gshabt"));
    text = name_end == name.size() ? "" : name.substr(name_end + 1);
    name.resize(name_end);
    if (keyword == "TYPE" && !kTypes.contains(text)) continue;
    if (hash != "#" || (keyword != "TYPE" && keyword != "HELP")) continue;
    current = name;
    if (keyword == "TYPE") families[name].type = kTypes.at(text);
    if (keyword == "HELP") families[name].help = text;
  }
}

// The plain way: every sample decoded and merged by itself, no layout, no hashes.
Result<std::vector<std::string>> Naive(const LayoutScope& scope, std::string_view page) {
  std::vector<std::string> out;
  std::vector<Labels> seen;
  TextParser parser(page);
  TextSample sample;
  std::map<std::string, MetricMetadata> families;
  std::string family;
  for (;;) {
    Result<bool> more = parser.Next(sample);
    if (!more) return more.error();
    if (!*more) {
      std::sort(out.begin(), out.end());
      return out;
    }
    ReadFamilies(sample.gap, families, family);
    std::vector<Label> scraped;
    std::vector<Label> labels;
    const auto decoded = DecodeLabels(sample, scraped);
    auto kept = FinalLabels(scope, decoded, scraped, labels);
    if (!kept) return kept.error();
    LabelsBuilder delivered(OuterLabels(scope));
    for (const Label& label : labels) delivered.Set(label.name, label.value);
    const Labels final_labels = delivered.Build();
    const bool own_timestamp = sample.tail.has_timestamp && scope.honor_timestamps;
    const bool known = std::find(seen.begin(), seen.end(), final_labels) != seen.end();
    if (!*kept || (known && !own_timestamp)) continue;
    seen.push_back(final_labels);
    std::string line = final_labels.ToString();
    line += ' ' + std::to_string(std::bit_cast<uint64_t>(sample.tail.value));
    if (own_timestamp) line += ' ' + std::to_string(sample.tail.timestamp_ms);
    const std::string name(final_labels.Get("__name__"));
    line += MetadataText(!family.empty() && IsPartOfFamily(name, family, families[family].type)
                             ? families[family]
                             : MetricMetadata());
    out.push_back(line);
  }
}

TEST_CASE("a sequence of scrapes gives what parsing each page by itself gives") {
  size_t matched = 0;
  size_t failed = 0;
  size_t own_scopes = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    RandomPage pages(seed);
    LayoutRegistry registry;
    auto scope = NewLayoutScope(seed % 2 == 0, seed % 3 != 0,
                                std::make_shared<const std::vector<RelabelRule>>(), TargetLabels());
    const auto whole_labels = OwnScope(*scope, TargetLabels());
    std::shared_ptr<const Layout> layout;
    for (int scrape = 0; scrape < 60; ++scrape) {
      const std::string page = pages.Next();
      CAPTURE(seed);
      CAPTURE(page);
      const auto expected = Naive(*whole_labels, page);
      PageValues values;
      PageCounts counts;
      if (layout != nullptr && layout->Match(page, values)) {
        ++matched;
        REQUIRE(expected.has_value());
        REQUIRE(Samples(*scope, *layout, values) == *expected);
      }
      auto resolved = registry.Resolve(*scope, page, 0, layout.get(), values, counts);
      if (resolved && *resolved == nullptr) {
        ++own_scopes;
        scope = OwnScope(*scope, TargetLabels());
        resolved = registry.Resolve(*scope, page, 0, layout.get(), values, counts);
      }
      REQUIRE(resolved.has_value() == expected.has_value());
      if (!resolved) {
        ++failed;
        continue;
      }
      layout = *resolved;
      REQUIRE(Samples(*scope, *layout, values) == *expected);
      REQUIRE(layout->Match(page, values));
      REQUIRE(Samples(*scope, *layout, values) == *expected);
    }
  }
  // Both ways were taken often.
  CHECK(matched > 2000);
  CHECK(failed > 200);
  CHECK(own_scopes > 20);
}

}  // namespace
}  // namespace limpet
