#include "agent/platform/gzip.h"

#include <doctest/doctest.h>
#include <libdeflate.h>

#include <cstdint>

namespace limpet {
namespace {

std::string Gzip(std::string_view text, int level = 6) {
  libdeflate_compressor* compressor = libdeflate_alloc_compressor(level);
  std::string out(libdeflate_gzip_compress_bound(compressor, text.size()), '\0');
  out.resize(
      libdeflate_gzip_compress(compressor, text.data(), text.size(), out.data(), out.size()));
  libdeflate_free_compressor(compressor);
  REQUIRE_FALSE(out.empty());
  return out;
}

std::string Page(size_t lines) {
  std::string text;
  for (size_t i = 0; i < lines; ++i) {
    text += "node_cpu_seconds_total{cpu=\"" + std::to_string(i) + "\"} " + std::to_string(i * i);
    text += '\n';
  }
  return text;
}

TEST_CASE("a page comes back as it was, and the memory is used again") {
  const std::string text = Page(5000);
  std::string out;
  REQUIRE(InflateGzip(Gzip(text), 1 << 20, out).has_value());
  CHECK(out == text);
  const size_t capacity = out.capacity();
  REQUIRE(InflateGzip(Gzip("short\n"), 1 << 20, out).has_value());
  CHECK(out == "short\n");
  CHECK(out.capacity() == capacity);
}

TEST_CASE("every compression level, nothing at all, and what does not compress") {
  std::string noise;
  uint64_t state = 1;
  for (int i = 0; i < 70'000; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    noise += static_cast<char>(state >> 56);
  }
  for (const int level : {0, 1, 6, 12}) {
    for (const std::string& text : {std::string(), std::string("x"), Page(300), noise}) {
      std::string out;
      REQUIRE(InflateGzip(Gzip(text, level), 1 << 20, out).has_value());
      CHECK(out == text);
    }
  }
}

TEST_CASE("all members are inflated, one after the other") {
  const std::string page = Page(2000);
  std::string out;
  REQUIRE(InflateGzip(Gzip(page) + Gzip("") + Gzip("tail\n"), 1 << 20, out).has_value());
  CHECK(out == page + "tail\n");
}

TEST_CASE("the bound is exact, over all members") {
  const std::string page = Page(2000);
  std::string out;
  CHECK(InflateGzip(Gzip(page), page.size(), out).has_value());
  CHECK(out == page);
  const auto refused = InflateGzip(Gzip(page), page.size() - 1, out);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("more than") != std::string::npos);
  CHECK(InflateGzip(Gzip(page) + Gzip("x"), page.size() + 1, out).has_value());
  CHECK_FALSE(InflateGzip(Gzip(page) + Gzip("xy"), page.size() + 1, out).has_value());
  // A buffer that is larger than the bound already does not widen it.
  std::string large(4 * page.size(), ' ');
  CHECK_FALSE(InflateGzip(Gzip(page), page.size() - 1, large).has_value());
}

TEST_CASE("a bomb is refused at the bound, in memory of the bound") {
  std::string bomb = Gzip(std::string(64 << 20, '0'), 12);
  REQUIRE(bomb.size() < 100'000);
  std::string out;
  CHECK_FALSE(InflateGzip(bomb, 1 << 20, out).has_value());
  CHECK(out.capacity() <= 2 << 20);
  // Claims to be small.
  bomb[bomb.size() - 1] = bomb[bomb.size() - 2] = 0;
  CHECK_FALSE(InflateGzip(bomb, 1 << 20, out).has_value());
}

TEST_CASE("a false size in the tail is found out") {
  const std::string page = Page(100);
  for (const char claim : {'\0', '\x7f', '\xff'}) {
    std::string body = Gzip(page);
    for (size_t i = 1; i <= 4; ++i) body[body.size() - i] = claim;
    std::string out;
    CHECK_FALSE(InflateGzip(body, 1 << 20, out).has_value());
    CHECK(out.capacity() <= 2 << 20);
  }
}

TEST_CASE("a body that is cut off or damaged anywhere is an error") {
  const std::string page = Page(50);
  const std::string body = Gzip(page);
  for (size_t size = 0; size < body.size(); ++size) {
    std::string out;
    // An allocation of its own, so that a sanitizer sees a read behind the end.
    const std::string cut(body.begin(), body.begin() + static_cast<long>(size));
    REQUIRE_FALSE(InflateGzip(cut, 1 << 20, out).has_value());
  }
  for (size_t i = 10; i < body.size(); ++i) {
    std::string damaged = body;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    std::string out;
    REQUIRE_FALSE(InflateGzip(damaged, 1 << 20, out).has_value());
  }
  std::string out;
  CHECK_FALSE(InflateGzip(body + "garbage behind the last member", 1 << 20, out).has_value());
  CHECK_FALSE(InflateGzip("# HELP plain text is not gzip\n", 1 << 20, out).has_value());
}

}  // namespace
}  // namespace limpet
