#include "agent/platform/free_memory.h"

#include <doctest/doctest.h>

#include <fstream>
#include <string>

namespace limpet {
namespace {

// Resident pages that are files'.
long MappedKib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    long kib = 0;
    if (word == "RssFile:" && status >> kib) return kib;
  }
  return 0;
}

TEST_CASE("code that is given back is there when it is called again") {
  const long before = MappedKib();
  REQUIRE(before > 0);
  ReturnMappedCode();
  CHECK(MappedKib() < before * 3 / 4);
  CHECK(std::to_string(before).size() > 1);
}

}  // namespace
}  // namespace limpet
