// Files that a configuration takes in: their jobs, their errors, and how a change of them shows.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "agent/config/config_files.h"
#include "agent/config/load.h"

namespace limpet {
namespace {

namespace fs = std::filesystem;

struct FilesFixture {
  FilesFixture() {
    std::string name = (fs::temp_directory_path() / "limpet-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    dir = name;
    fs::create_directory(dir / "jobs");
  }
  ~FilesFixture() { fs::remove_all(dir); }

  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(dir / name) << text;
  }
  LoadedConfig Load() const { return LoadConfigFile(dir / "main.yml", {}); }
  // A line an error, without the directory.
  std::string Errors() const {
    std::string lines;
    for (const ConfigError& error : Load().errors) {
      std::string line = error.ToString() + "\n";
      const std::string prefix = dir.string() + "/";
      for (size_t at; (at = line.find(prefix)) != std::string::npos;) line.erase(at, prefix.size());
      lines += line;
    }
    return lines;
  }

  fs::path dir;
};

TEST_CASE_FIXTURE(FilesFixture, "jobs of all files, the file's own first") {
  Write("main.yml",
        "scrape_config_files: [jobs/*.yml, one.yml, jobs/a.yml]\n"
        "global: {scrape_interval: 30s}\nscrape_configs: [{job_name: main}]\n");
  Write("jobs/b.yml", "scrape_configs: [{job_name: b, bearer_token_file: token}]");
  Write("jobs/a.yml",
        "scrape_configs:\n- {job_name: a1, scrape_interval: 5s}\n- job_name: a2\n"
        "  file_sd_configs: [{files: [../t/*.json]}]\n");
  Write("one.yml", "");
  const LoadedConfig loaded = Load();
  CHECK(Errors() == "");
  REQUIRE(loaded.config.has_value());
  std::vector<std::string> names;
  for (const ScrapeConfig& job : loaded.config->scrape_configs) names.push_back(job.job_name);
  CHECK(names == std::vector<std::string>{"main", "a1", "a2", "b"});
  CHECK(loaded.config->scrape_configs[1].scrape_interval == Millis(5000));
  CHECK(loaded.config->scrape_configs[3].scrape_interval == Millis(30'000));
  // Relative names are taken from the file that they stand in.
  CHECK(loaded.config->scrape_configs[3].http.authorization->credentials_file ==
        (dir / "jobs/token").string());
  CHECK(loaded.config->scrape_configs[2].file_sd_configs[0].files[0] ==
        (dir / "jobs/../t/*.json").string());
  CHECK(loaded.scrape_config_files ==
        std::vector<std::string>{dir / "jobs/*.yml", dir / "one.yml", dir / "jobs/a.yml"});
}

TEST_CASE_FIXTURE(FilesFixture, "no file that matches is no error") {
  Write("main.yml", "scrape_config_files: [none/*.yml, absent.yml]\n");
  CHECK(Errors() == "");
}

TEST_CASE_FIXTURE(FilesFixture, "errors have the name and place of the file that they are in") {
  Write("main.yml", "scrape_config_files: [jobs/*.yml]\nscrape_configs:\n- job_name: twice\n");
  Write("jobs/1.yml", "scrape_configs:\n- job_name: x\n  colour: blue\n");
  Write("jobs/2.yml", "scrape_configs:\n- job_name: twice\n- job_name: x\n");
  Write("jobs/3.yml", "global: {}\n");
  Write("jobs/4.yml", "a: [\n");
  Write("jobs/5.yml", "- job_name: y\n");
  Write("jobs/6.yml", std::string(5 << 20, '#'));
  const std::string errors = Errors();
  CAPTURE(errors);
  CHECK(errors.find("jobs/1.yml:3:3: scrape_configs[0]: unknown key \"colour\"; ") == 0);
  CHECK(errors.find("\njobs/2.yml:2:13: scrape_configs[0].job_name: \"twice\" is the name of "
                    "scrape_configs[0] in main.yml already\n"
                    "jobs/2.yml:3:13: scrape_configs[1].job_name: \"x\" is the name of "
                    "scrape_configs[0] in jobs/1.yml already\n"
                    "jobs/3.yml:1:1: unknown key \"global\"; expected one of scrape_configs\n"
                    "jobs/4.yml:2:1: not valid YAML") != std::string::npos);
  CHECK(errors.find("\njobs/5.yml:1:1: expected a mapping, found a list\njobs/6.yml:1:1: read ") !=
        std::string::npos);
  CHECK_FALSE(Load().config.has_value());
}

TEST_CASE_FIXTURE(FilesFixture,
                  "another version for each change of a file, and of what files there are") {
  Write("main.yml", "scrape_config_files: [jobs/*.yml]\n");
  Write("jobs/a.yml", "scrape_configs: [{job_name: a}]");
  const LoadedConfig first = Load();
  const auto now = [&] { return VersionOf(ReadConfigFiles(first.scrape_config_files)); };
  CHECK(first.scrape_config_files_version == now());
  Write("jobs/b.yml", "");
  const uint64_t two = now();
  CHECK(two != first.scrape_config_files_version);
  Write("jobs/b.yml", "scrape_configs: []");
  CHECK(now() != two);
  fs::remove(dir / "jobs/b.yml");
  CHECK(now() == first.scrape_config_files_version);
  fs::rename(dir / "jobs/a.yml", dir / "jobs/c.yml");
  CHECK(now() != first.scrape_config_files_version);
  // What is wrong in one is known too, so that its mending is seen.
  Write("jobs/c.yml", "wrong: 1");
  const LoadedConfig wrong = Load();
  CHECK_FALSE(wrong.config.has_value());
  CHECK(wrong.scrape_config_files == first.scrape_config_files);
  CHECK(wrong.scrape_config_files_version == now());
}

TEST_CASE("a text alone reads no other file") {
  const LoadedConfig loaded = LoadConfig("scrape_config_files: [/etc/*.yml]", "f", {});
  CHECK(loaded.errors.empty());
  CHECK(loaded.scrape_config_files.empty());
  CHECK(loaded.config->scrape_config_files == std::vector<std::string>{"/etc/*.yml"});
}

}  // namespace
}  // namespace limpet
