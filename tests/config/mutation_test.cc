// A valid file damaged at random: an answer every time, never a crash, and errors with a place in
// it.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "tests/config/config_errors.h"
#include "tests/config/full_config.h"

namespace limpet {

namespace {

constexpr std::string_view kPieces[] = {"\n",
                                        "  ",
                                        ":",
                                        ": ",
                                        "- ",
                                        "[",
                                        "]",
                                        "{",
                                        "}",
                                        ",",
                                        "&a ",
                                        "*a",
                                        "<<: ",
                                        "? ",
                                        "| ",
                                        "> ",
                                        "\"",
                                        "'",
                                        "#",
                                        "!x ",
                                        "!!map ",
                                        "~",
                                        "null",
                                        "---\n",
                                        "...\n",
                                        "%YAML 1.2\n",
                                        "\t",
                                        "0",
                                        "-1",
                                        "1e9",
                                        "99999999999999999999",
                                        "true",
                                        "${HOME}",
                                        "$$",
                                        "(",
                                        "\\",
                                        "\xff",
                                        "\xc3\xa9",
                                        "\r\n",
                                        "job_name",
                                        "scrape_interval",
                                        "regex",
                                        "url",
                                        "15s",
                                        "1GiB"};

std::string Mutated(std::string text, std::mt19937& random) {
  const int changes = 1 + static_cast<int>(random() % 6);
  for (int i = 0; i < changes && !text.empty(); ++i) {
    const size_t at = random() % text.size();
    const size_t length = std::min<size_t>(random() % 20, text.size() - at);
    switch (random() % 5) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, kPieces[random() % std::size(kPieces)]);
        break;
      case 2:
        text[at] = static_cast<char>(random() % 256);
        break;
      case 3:
        text.insert(random() % text.size(), text.substr(at, length * 10));
        break;
      default:
        text.replace(at, length, kPieces[random() % std::size(kPieces)]);
        break;
    }
  }
  return text;
}

}  // namespace

TEST_CASE("a damaged file gives a configuration or errors with places in the file") {
  std::mt19937 random(20260101);
  int valid = 0;
  int refused = 0;
  for (int round = 0; round < 4000; ++round) {
    const std::string text = Mutated(std::string(kFullConfig), random);
    LoadOptions options;
    options.expand_env = round % 2 == 0;
    const LoadedConfig loaded = LoadConfig(text, "f", options);
    REQUIRE(loaded.config.has_value() == loaded.errors.empty());
    ++(loaded.errors.empty() ? valid : refused);
    const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
    for (const ConfigError& error : loaded.errors) {
      CAPTURE(text);
      CAPTURE(error.ToString());
      REQUIRE(error.line >= 1);
      REQUIRE(error.line <= lines + 1);
      REQUIRE(error.column >= 1);
      REQUIRE_FALSE(error.message.empty());
      REQUIRE(error.message.find("pass word") == std::string::npos);
      REQUIRE(error.message.find("abc.def") == std::string::npos);
    }
  }
  // Both ways must have been tried.
  CHECK(valid > 100);
  CHECK(refused > 1000);
}

}  // namespace limpet
