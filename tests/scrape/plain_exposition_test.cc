// The parsers of the text formats against plain ones, on pages made at random.
#include "tests/scrape/plain_exposition.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "tests/scrape/exposition_generator.h"
#include "tests/scrape/plain_comparison.h"
#include "tests/scrape/plain_number.h"

namespace limpet {
namespace {

TEST_CASE("the plain readers themselves") {
  const PlainPage page = ReadPlainText(
      "# TYPE h histogram\nh_bucket{le=\"1\",x=\"\\n\"} 5 7\n\n# free\n{\"a.b\"} NaN");
  REQUIRE(page.good);
  REQUIRE(page.samples.size() == 2);
  CHECK(page.samples[0].labels ==
        PlainLabels{{"__name__", "h_bucket"}, {"le", "1.0"}, {"x", "\n"}});
  CHECK(page.samples[0].value == 5);
  CHECK(page.samples[0].timestamp_ms == 7);
  CHECK_FALSE(ReadPlainText("a 1\na{x=\"1\",x=\"2\"} 1\n").good);
  CHECK_FALSE(ReadPlainOpenMetrics("a 1\n").good);
  const PlainPage second = ReadPlainOpenMetrics("a 1 2.5 # {x=\"y\"} 3 4\n# EOF\n");
  REQUIRE(second.samples.size() == 1);
  CHECK(second.good);
  CHECK(second.samples[0].timestamp_ms == 2500);
  CHECK(second.samples[0].exemplar->timestamp_ms == 4000);
  CHECK(PlainBound("1e6") == "1e+06");
  CHECK(PlainBound("0.25") == "0.25");
  CHECK(PlainBound("123456.5") == "123456.5");
}

TEST_CASE("pages made at random are read as they are plainly") {
  size_t good = 0;
  size_t samples = 0;
  for (uint64_t seed = 1; seed <= 12000; ++seed) {
    std::mt19937_64 random(seed);
    const bool openmetrics = seed % 2 == 0;
    ExpositionGenerator generator(openmetrics, [&](size_t n) { return random() % n; });
    const PageFormat format =
        openmetrics ? PageFormat::kOpenMetricsText : PageFormat::kPrometheusText;
    const std::string text = generator.Page();
    // The same page with other numbers and a change or two, so that its layout may take the first.
    std::string before = text;
    for (char& c : before) {
      if (c >= '0' && c <= '9' && random() % 4 == 0) c = static_cast<char>('0' + random() % 10);
    }
    CAPTURE(seed);
    CAPTURE(text);
    CAPTURE(before);
    REQUIRE(ParserDifference(Page(text, format)) == "");
    REQUIRE(LayoutDifference(Page(text, format), Page(before, format)) == "");
    const PlainPage plain = openmetrics ? ReadPlainOpenMetrics(text) : ReadPlainText(text);
    good += plain.good ? 1 : 0;
    samples += plain.samples.size();
  }
  CHECK(good > 2000);
  CHECK(samples > 5000);
}

}  // namespace
}  // namespace limpet
