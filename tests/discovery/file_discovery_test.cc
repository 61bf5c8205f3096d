// file_sd_configs: what files say, what becomes of it when they change, break and go.
#include <filesystem>
#include <fstream>

#include "tests/discovery/discovery_fixture.h"
#include "tests/discovery/temporary_directory.h"

namespace limpet {
namespace {

namespace fs = std::filesystem;
using Sources = std::set<std::string>;

class FileFixture : public DiscoveryFixture {
 public:
  static constexpr auto kOne = R"([{"targets": ["a:1", "a:2"], "labels": {"team": "x"}}])";

  FileSdConfig Files(const std::vector<std::string>& patterns) const {
    FileSdConfig config;
    for (const std::string& pattern : patterns) config.files.push_back(directory_.File(pattern));
    return config;
  }
  void ApplyFiles(const std::vector<std::string>& patterns) {
    ScrapeConfig job = Job("job", {});
    job.file_sd_configs = {Files(patterns)};
    Apply({job});
  }
  std::string Source(const std::string& name, int group = 0) const {
    return "file/" + directory_.File(name) + ":" + std::to_string(group);
  }
  RefreshStatus Refresh() const {
    const auto all = discovery_->Refreshes();
    REQUIRE(all.size() == 1);
    return all[0];
  }
  // Turns of the loop in which a change that is not to be seen would have been.
  void Quiet() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(400);
    while (std::chrono::steady_clock::now() < end) Turn();
  }

  TemporaryDirectory directory_;
};

TEST_CASE_FIXTURE(FileFixture, "the groups of all files are told at once") {
  directory_.Write("a.json", kOne);
  directory_.Write("b.yml", "- targets: [b:1]\n- targets: [b:2]\n  labels: {__meta_filepath: lie}");
  directory_.Write("c.txt", "- targets: [c:1]");
  ApplyFiles({"*.json", "b.yml", "?.yml"});
  CHECK(discovery_->AllListed());
  CHECK(Known() == Sources{Source("a.json"), Source("b.yml"), Source("b.yml", 1)});
  const TargetGroup group = groups_["job"][Source("a.json")];
  CHECK(group.labels == Labels{{"__meta_filepath", directory_.File("a.json")}, {"team", "x"}});
  CHECK(group.targets.size() == 2);
  CHECK(groups_["job"][Source("b.yml", 1)].labels.Get("__meta_filepath") ==
        directory_.File("b.yml"));
  CHECK(Refresh().files == 2);
  CHECK(Refresh().targets == 4);
  CHECK(Refresh().last_error == "");
}

TEST_CASE_FIXTURE(FileFixture, "a changed file, a new one and one that is gone are seen at once") {
  directory_.Write("a.json", kOne);
  ApplyFiles({"*.json"});
  calls_.clear();
  directory_.Write("a.json", R"([{"targets": ["a:3"]}])");
  Until([&] { return !calls_.empty(); });
  CHECK(groups_["job"][Source("a.json")].targets == std::vector<Labels>{{{"__address__", "a:3"}}});
  directory_.Write("b.json", R"([{"targets": ["b:1"]}])");
  Until([&] { return Known().size() == 2; });
  fs::remove(directory_.File("a.json"));
  Until([&] { return Known().size() == 1; });
  CHECK(Known() == Sources{Source("b.json")});
}

TEST_CASE_FIXTURE(FileFixture, "only what differs is told") {
  directory_.Write("a.json", R"([{"targets": ["a:1"]}, {"targets": ["a:2"]}])");
  ApplyFiles({"*.json"});
  calls_.clear();
  directory_.Write("a.json", R"([{"targets": ["a:1"]}, {"targets": ["a:3"]}, {"targets": []}])");
  Until([&] { return !calls_.empty(); });
  CHECK(calls_ == std::vector<Call>{{"job", {Source("a.json", 1)}}});
  calls_.clear();
  directory_.Write("a.json", R"([{"targets": ["a:1"]}])");
  Until([&] { return !calls_.empty(); });
  CHECK(calls_ == std::vector<Call>{{"job", {"-" + Source("a.json", 1)}}});
  calls_.clear();
  directory_.Write("a.json", R"([ {"targets": ["a:1"]} ])");
  Quiet();
  CHECK(calls_.empty());
}

TEST_CASE_FIXTURE(FileFixture, "a broken file keeps what it said, the others go on") {
  directory_.Write("a.json", kOne);
  directory_.Write("b.json", R"([{"targets": ["b:1"]}])");
  ApplyFiles({"*.json"});
  calls_.clear();
  directory_.Write("a.json", "[{\"targets\":\n [7]}]");
  Until([&] { return !Refresh().last_error.empty(); });
  CHECK(Refresh().last_error ==
        directory_.File("a.json") + ":2:3: [0].targets[0]: expected text, found a number");
  CHECK(Refresh().files_broken == 1);
  CHECK(Refresh().failures_total == 1);
  CHECK(Known() == Sources{Source("a.json"), Source("b.json")});
  directory_.Write("b.json", R"([{"targets": ["b:2"]}])");
  Until([&] { return !calls_.empty(); });
  CHECK(calls_ == std::vector<Call>{{"job", {Source("b.json")}}});
  CHECK(groups_["job"][Source("a.json")].targets.size() == 2);
  // Another configuration of the job finds the last good groups too.
  calls_.clear();
  ScrapeConfig job = Job("late", {});
  job.file_sd_configs = {Files({"*.json"})};
  ScrapeConfig first = job;
  first.job_name = "job";
  Apply({first, job});
  CHECK(Known("late") == Known("job"));
  directory_.Write("a.json", "[]");
  Until([&] { return Known() == Sources{Source("b.json")}; });
  CHECK(Refresh().last_error == "");
}

TEST_CASE_FIXTURE(FileFixture, "a file that was broken from the start has nothing") {
  directory_.Write("a.yml", "- targets: [a:1]\n  lables: {}\n");
  ApplyFiles({"a.yml"});
  CHECK(discovery_->AllListed());
  CHECK(Known().empty());
  CHECK(Refresh().last_error ==
        directory_.File("a.yml") + ":2:3: [0]: unknown key \"lables\"; did you mean \"labels\"?");
}

TEST_CASE_FIXTURE(FileFixture, "the swap of ..data in a Kubernetes mount is seen") {
  const auto make = [&](const std::string& version, const std::string& text) {
    fs::create_directory(directory_.File(version));
    std::ofstream(directory_.File(version + "/a.json")) << text;
    fs::create_symlink(version, directory_.File("..data_tmp"));
    fs::rename(directory_.File("..data_tmp"), directory_.File("..data"));
  };
  make("..1", kOne);
  fs::create_symlink("..data/a.json", directory_.File("a.json"));
  ApplyFiles({"*.json"});
  CHECK(groups_["job"][Source("a.json")].targets.size() == 2);
  make("..2", R"([{"targets": ["a:3"]}])");
  fs::remove_all(directory_.File("..1"));
  Until([&] { return groups_["job"][Source("a.json")].targets.size() == 1; });
}

TEST_CASE_FIXTURE(FileFixture, "a directory that is not there yet is no error") {
  ScrapeConfig job = Job("job", {});
  job.file_sd_configs = {Files({"later/*.json"})};
  job.file_sd_configs[0].refresh_interval = Millis(50);
  Apply({job});
  CHECK(Refresh().last_error == "");
  fs::create_directory(directory_.File("later"));
  directory_.Write("later/a.json", kOne);
  Until([&] { return Known() == Sources{Source("later/a.json")}; });
}

TEST_CASE_FIXTURE(FileFixture, "a changed list of files takes over without a gap") {
  directory_.Write("a.json", kOne);
  directory_.Write("b.json", R"([{"targets": ["b:1"]}])");
  ApplyFiles({"*.json"});
  calls_.clear();
  ApplyFiles({"a.json"});
  CHECK(calls_ == std::vector<Call>{{"job", {Source("a.json"), "-" + Source("b.json")}}});
  calls_.clear();
  Apply({Job("job", {})});
  CHECK(calls_ == std::vector<Call>{{"job", {"-" + Source("a.json")}}});
  CHECK(discovery_->Refreshes().empty());
}

TEST_CASE_FIXTURE(FileFixture, "two entries of a job may read the same file") {
  directory_.Write("a.json", kOne);
  ScrapeConfig job = Job("job", {});
  job.file_sd_configs = {Files({"a.json"}), Files({"*.json"})};
  Apply({job});
  CHECK(Known() == Sources{Source("a.json"), Source("a.json") + "#1"});
  fs::remove(directory_.File("a.json"));
  Until([&] { return Known().empty(); });
}

}  // namespace
}  // namespace limpet
