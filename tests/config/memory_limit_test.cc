#include "agent/config/memory_limit.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "tests/discovery/temporary_directory.h"

namespace limpet {
namespace {

TEST_CASE("the memory limit is that of the cgroup, a size, or none") {
  const TemporaryDirectory directory;
  const SystemRoots roots{directory.path(), directory.path()};
  std::filesystem::create_directories(directory.File("self"));
  std::ofstream(directory.File("self/cgroup")) << "0::/\n";

  for (const char* option : {"auto", "0"}) CHECK(ReadMemoryBounds(option, roots)->limit.bytes == 0);
  directory.Write("memory.max", "134217728\n");
  for (const char* option : {"auto", "0"}) {
    const MemoryBounds bounds = ReadMemoryBounds(option, roots).value();
    CHECK(bounds.limit.bytes == 134'217'728);
    CHECK(bounds.limit.origin == directory.File("memory.max"));
    CHECK(bounds.cgroup.has_value());
  }
  const MemoryBounds given = ReadMemoryBounds("1GiB", roots).value();
  CHECK(given.limit.bytes == 1u << 30);
  CHECK(given.limit.reserve_bytes == 16u << 20);
  CHECK(ReadMemoryBounds("64MiB", roots)->limit.reserve_bytes == 8u << 20);
  CHECK(given.limit.origin == "--memory.limit");
  // What else is in the cgroup is then none of its business.
  CHECK(!given.cgroup);
  CHECK(ReadMemoryBounds("none", roots)->limit.bytes == 0);
}

TEST_CASE("memory limits that make no sense") {
  for (const char* option : {"", "much", "-1", "512", "1MiB", "16383KiB", "99999999EiB"}) {
    CAPTURE(option);
    CHECK(!ReadMemoryBounds(option));
  }
  CHECK(ReadMemoryBounds("16MiB").has_value());
  CHECK(ReadMemoryBounds("1MiB").error().message == "at least 16MiB");
}

}  // namespace
}  // namespace limpet
