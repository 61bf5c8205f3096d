#include "agent/platform/cgroup_memory.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "agent/platform/process_memory.h"
#include "tests/discovery/temporary_directory.h"

namespace limpet {
namespace {

// The kernel's files as far as they matter here.
class FakeSystem {
 public:
  FakeSystem() {
    Write("proc/self/cgroup", "0::/kubepods/pod1/limpet\n");
    Write("proc/meminfo", "MemFree:  1 kB\nMemTotal:       1048576 kB\n");
  }

  void Write(const std::string& file, const std::string& text) const {
    const std::filesystem::path path = directory_.File(file);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  SystemRoots roots() const { return {directory_.File("proc"), directory_.File("cgroup")}; }
  uint64_t Limit() const {
    const auto found = FindCgroupMemory(roots());
    return found ? found->limit_bytes : 0;
  }
  std::string LimitFile() const {
    const auto found = FindCgroupMemory(roots());
    if (!found) return "";
    return found->LimitFile().substr(directory_.path().size());
  }

 private:
  TemporaryDirectory directory_;
};

class SetClock : public Clock {
 public:
  int64_t WallMs() const override { return 0; }
  SteadyTime Now() const override { return now; }
  SteadyTime now;
};

TEST_CASE("version 2: the lowest limit on the way up counts") {
  const FakeSystem system;
  CHECK(system.Limit() == 0);
  system.Write("cgroup/kubepods/pod1/limpet/memory.max", "max\n");
  CHECK(system.Limit() == 0);
  system.Write("cgroup/kubepods/pod1/memory.max", "500000000\n");
  CHECK(system.Limit() == 500'000'000);
  CHECK(system.LimitFile() == "/cgroup/kubepods/pod1/memory.max");
  system.Write("cgroup/kubepods/memory.max", "600000000\n");
  CHECK(system.Limit() == 500'000'000);
  system.Write("cgroup/kubepods/pod1/limpet/memory.max", "134217728\n");
  CHECK(system.Limit() == 134'217'728);
  CHECK(system.LimitFile() == "/cgroup/kubepods/pod1/limpet/memory.max");
  system.Write("cgroup/kubepods/pod2/memory.max", "1\n");
  CHECK(system.Limit() == 134'217'728);
}

TEST_CASE("a container sees its own cgroup as the root, or a path that is not there") {
  const FakeSystem system;
  system.Write("cgroup/memory.max", "134217728\n");
  CHECK(system.Limit() == 134'217'728);
  for (const char* path : {"0::/\n", "0::/../other\n", "0::/..\n", "0::\n"}) {
    CAPTURE(path);
    system.Write("proc/self/cgroup", path);
    CHECK(system.LimitFile() == "/cgroup/memory.max");
  }
}

TEST_CASE("version 1, alone and beside version 2") {
  const FakeSystem system;
  system.Write(
      "proc/self/cgroup",
      "8:pids:/a\n4:hugetlb,memory:/a/b\n3:cpu,cpuacct:/a\n1:name=systemd:/memory\n0::/\n");
  system.Write("cgroup/memory/a/b/memory.limit_in_bytes", "9223372036854771712\n");
  CHECK(system.Limit() == 0);
  system.Write("cgroup/memory/a/memory.limit_in_bytes", "300000000\n");
  CHECK(system.LimitFile() == "/cgroup/memory/a/memory.limit_in_bytes");
  CHECK(FindCgroupMemory(system.roots())->version == 1);
}

TEST_CASE("what the machine does not have, and what is no number, limits nothing") {
  const FakeSystem system;
  for (const char* text : {"1073741824\n", "2000000000\n", "", "\n", "-1\n", "12x\n", "0x10\n",
                           "99999999999999999999999\n", "\xff\xfe"}) {
    CAPTURE(text);
    system.Write("cgroup/kubepods/pod1/limpet/memory.max", text);
    CHECK(system.Limit() == 0);
  }
  system.Write("cgroup/kubepods/pod1/limpet/memory.max", "1073741823");
  CHECK(system.Limit() == 1'073'741'823);
  for (const char* text : {"", "x", ":", "::", "\n\n:\n", "0:", "4:memoryx:/a", "\xff:\xff:\xff"}) {
    CAPTURE(text);
    system.Write("proc/self/cgroup", text);
    CHECK(system.Limit() == 0);
  }
  // A path of slashes alone ends, too.
  system.Write("proc/self/cgroup", "0::" + std::string(10'000, '/'));
  CHECK(system.Limit() == 0);
}

TEST_CASE("used is what the kernel cannot take back") {
  const FakeSystem system;
  system.Write("cgroup/kubepods/pod1/limpet/memory.max", "134217728\n");
  const CgroupMemory cgroup = FindCgroupMemory(system.roots()).value();
  CHECK(!CgroupUsedBytes(cgroup));
  system.Write("cgroup/kubepods/pod1/limpet/memory.stat", "garbage\nfile 5\n");
  CHECK(!CgroupUsedBytes(cgroup));
  system.Write("cgroup/kubepods/pod1/limpet/memory.stat",
               "anon 1000\nfile 500000\nkernel_stack 20\npagetables 3\nsock 400\nshmem 50000\n"
               "inactive_anon 9\nslab_unreclaimable 600000\nslab_reclaimable 7\n");
  CHECK(CgroupUsedBytes(cgroup).value() == 651'423);
  CgroupMemory first = cgroup;
  first.version = 1;
  system.Write("cgroup/kubepods/pod1/limpet/memory.stat",
               "cache 9\nrss 9\ntotal_cache 9\ntotal_rss 2000\ntotal_shmem 30\n");
  CHECK(CgroupUsedBytes(first).value() == 2030);
}

TEST_CASE("a process counts with its own pages, which are fresh, and what else is in its cgroup") {
  const FakeSystem system;
  const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  SetClock clock;
  system.Write("proc/self/statm", "9000 500 100 7 0 300 0\n");
  ProcessMemory alone(clock, std::nullopt, system.roots());
  CHECK(alone.UsedBytes() == 400 * page);

  system.Write("cgroup/kubepods/pod1/limpet/memory.max", "134217728\n");
  system.Write("cgroup/kubepods/pod1/limpet/memory.stat",
               "anon " + std::to_string(400 * page) + "\nsock 5000\n");
  ProcessMemory within(clock, FindCgroupMemory(system.roots()), system.roots());
  CHECK(within.UsedBytes() == 400 * page + 5000);
  system.Write("proc/self/statm", "9000 600 100 7 0 300 0\n");
  CHECK(within.UsedBytes() == 500 * page + 5000);
  // The others are read again after a second alone; they never count as less than nothing.
  system.Write("cgroup/kubepods/pod1/limpet/memory.stat", "anon 1\nsock 7000\n");
  CHECK(within.UsedBytes() == 500 * page + 5000);
  clock.now += Millis(1000);
  CHECK(within.UsedBytes() == 500 * page);

  for (const char* text : {"", "9000", "9000 5", "x y z", "9000 100 500"}) {
    CAPTURE(text);
    system.Write("proc/self/statm", text);
    CHECK(alone.UsedBytes() == 0);
  }
  CHECK(ProcessMemory(SystemClock(), std::nullopt).UsedBytes() > 0);
}

}  // namespace
}  // namespace limpet
