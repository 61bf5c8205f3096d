// The house rules, as a test that reads the tree: which folder may include which, no circles, a
// comment on top of every header, lengths, names and banned calls. Its messages say what to change.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

constexpr size_t kFileLinesMax = 400;
constexpr size_t kFunctionLinesMax = 100;
constexpr size_t kLineColumnsMax = 100;

struct SourceFile {
  std::string path;  // from the repository root
  std::vector<std::string> lines;
};

std::vector<SourceFile> ReadTree(const std::vector<std::string>& folders,
                                 const std::set<std::string>& extensions) {
  const fs::path root(LIMPET_SOURCE_DIR);
  std::vector<SourceFile> files;
  for (const std::string& folder : folders) {
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      if (!entry.is_regular_file() || !extensions.contains(entry.path().extension())) continue;
      SourceFile file{fs::relative(entry.path(), root).string(), {}};
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);) file.lines.push_back(line);
      files.push_back(std::move(file));
    }
  }
  REQUIRE(!files.empty());
  return files;
}

std::vector<SourceFile> ProductSources() {
  return ReadTree({"agent", "discovery", "queue"}, {".h", ".cc"});
}

std::string FolderOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

std::vector<std::string> ProjectIncludes(const SourceFile& file) {
  static const std::regex include(R"re(^#include "((?:agent|discovery|queue)/[^"]+)")re");
  std::vector<std::string> found;
  for (const std::string& line : file.lines) {
    std::smatch match;
    if (std::regex_search(line, match, include)) found.push_back(match[1]);
  }
  return found;
}

// Which folders a folder may include, itself apart. agent/ is main.cc and the subcommands beside
// it.
const std::map<std::string, std::set<std::string>>& Arrows() {
  static const std::map<std::string, std::set<std::string>> arrows = {
      {"agent/platform", {}},
      {"agent/relabel", {"agent/platform"}},
      {"agent/config", {"agent/platform", "agent/relabel"}},
      {"discovery", {"agent/platform", "agent/relabel", "agent/config"}},
      {"queue", {"agent/platform", "agent/relabel", "agent/config"}},
      {"agent/scrape", {"agent/platform", "agent/relabel", "agent/config", "discovery", "queue"}},
      {"agent/web",
       {"agent/platform", "agent/relabel", "agent/config", "discovery", "queue", "agent/scrape"}},
      {"agent",
       {"agent/platform", "agent/relabel", "agent/config", "discovery", "queue", "agent/scrape",
        "agent/web"}},
  };
  return arrows;
}

TEST_CASE("includes follow the arrows between the folders") {
  for (const SourceFile& file : ProductSources()) {
    const std::string folder = FolderOf(file.path);
    REQUIRE_MESSAGE(Arrows().contains(folder), file.path, ": a folder without arrows in this test");
    for (const std::string& include : ProjectIncludes(file)) {
      const std::string to = FolderOf(include);
      const bool allowed = to == folder || Arrows().at(folder).contains(to);
      CHECK_MESSAGE(allowed, file.path, " must not include ", include);
    }
  }
}

TEST_CASE("no circles between files") {
  std::map<std::string, std::vector<std::string>> includes;
  for (const SourceFile& file : ProductSources()) includes[file.path] = ProjectIncludes(file);
  std::map<std::string, int> state;  // 1: under way, 2: done
  std::function<void(const std::string&)> visit = [&](const std::string& path) {
    state[path] = 1;
    for (const std::string& to : includes[path]) {
      CHECK_MESSAGE(state[to] != 1, path, " and ", to, " include each other");
      if (state[to] == 0) visit(to);
    }
    state[path] = 2;
  };
  for (const auto& [path, unused] : std::map(includes)) {
    if (state[path] == 0) visit(path);
  }
}

TEST_CASE("Boost's sockets and parsers stay in platform/") {
  for (const SourceFile& file : ProductSources()) {
    if (FolderOf(file.path) == "agent/platform") continue;
    for (const std::string& line : file.lines) {
      const bool leaks = line.starts_with("#include <boost/asio") ||
                         line.starts_with("#include <boost/beast") ||
                         line.starts_with("#include <openssl/ssl");
      CHECK_MESSAGE(!leaks, file.path, ": ", line);
    }
  }
}

TEST_CASE("every header begins with what it is for and guards itself by its path") {
  for (const SourceFile& file : ProductSources()) {
    if (!file.path.ends_with(".h")) continue;
    REQUIRE_MESSAGE(file.lines.size() > 4, file.path);
    CHECK_MESSAGE(file.lines[0].starts_with("// "), file.path, ": no comment on top");
    CHECK_MESSAGE(file.lines[1].starts_with("//"), file.path, ": one line on top is too little");
    std::string guard = "LIMPET_" + file.path + "_";
    for (char& c : guard)
      c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? std::toupper(c) : '_';
    const auto found = std::find(file.lines.begin(), file.lines.end(), "#ifndef " + guard);
    CHECK_MESSAGE(found != file.lines.end(), file.path, ": include guard should be ", guard);
  }
}

TEST_CASE("files and lines are short") {
  for (const SourceFile& file :
       ReadTree({"agent", "discovery", "queue", "tests"}, {".h", ".cc", ".py", ".sh"})) {
    CHECK_MESSAGE(file.lines.size() <= kFileLinesMax, file.path, " has ", file.lines.size(),
                  " lines");
    for (size_t i = 0; i < file.lines.size(); ++i) {
      const bool url = file.lines[i].find("://") != std::string::npos;
      const bool raw = file.lines[i].find("R\"") != std::string::npos;
      // Columns, not bytes: continuation bytes of UTF-8 do not count.
      const auto columns = std::count_if(file.lines[i].begin(), file.lines[i].end(),
                                         [](char c) { return (c & 0xC0) != 0x80; });
      const bool fits = columns <= static_cast<long>(kLineColumnsMax) || url || raw ||
                        !(file.path.ends_with(".h") || file.path.ends_with(".cc"));
      CHECK_MESSAGE(fits, file.path, ":", i + 1, " is longer than 100 columns");
    }
  }
}

TEST_CASE("functions are short") {
  // clang-format puts a definition's closing brace at the indentation of its first line.
  static const std::regex opening(R"(^( {0,2})[A-Za-z~].*\).*\{$)");
  static const std::regex control(
      R"(^ *(if|for|while|switch|else|do|catch|TEST_CASE|namespace)\b)");
  for (const SourceFile& file : ProductSources()) {
    for (size_t i = 0; i < file.lines.size(); ++i) {
      std::smatch match;
      if (!std::regex_match(file.lines[i], match, opening)) continue;
      if (std::regex_search(file.lines[i], control)) continue;
      const std::string closing = match[1].str() + "}";
      size_t end = i + 1;
      while (end < file.lines.size() && !file.lines[end].starts_with(closing)) ++end;
      CHECK_MESSAGE(end - i <= kFunctionLinesMax, file.path, ":", i + 1, " is a function of ",
                    end - i, " lines");
    }
  }
}

TEST_CASE("banned calls") {
  static const std::vector<std::pair<std::regex, std::string>> banned = {
      {std::regex(R"(\b(strcpy|strcat|sprintf|gets|atoi|atol|atof|strtok|system|popen)\()"),
       "unbounded or unchecked"},
      {std::regex(R"((^|[^_:\w])s?rand\()"), "not seedable; use <random>"},
      {std::regex(R"(std::regex\b)"), "not linear in its input; use RE2"},
      {std::regex(R"(\.detach\(\))"), "threads are joined"},
      {std::regex(R"(\b(usleep|sleep_for|nanosleep)\b)"), "the loop must not block"},
      {std::regex(R"(using namespace)"), "names say where they come from"},
      {std::regex(R"(\b(TODO|FIXME|XXX)\b)"), "an issue remembers better"},
      {std::regex(R"(#include "\.\.?/)"), "paths start at the repository root"},
  };
  for (const SourceFile& file : ProductSources()) {
    for (size_t i = 0; i < file.lines.size(); ++i) {
      for (const auto& [pattern, why] : banned) {
        CHECK_MESSAGE(!std::regex_search(file.lines[i], pattern), file.path, ":", i + 1, ": ",
                      file.lines[i], " (", why, ")");
      }
      const bool prints = file.lines[i].find("std::cout") != std::string::npos ||
                          file.lines[i].find("std::cerr") != std::string::npos;
      CHECK_MESSAGE((!prints || FolderOf(file.path) == "agent"), file.path, ":", i + 1,
                    ": only the command line prints");
    }
  }
}

TEST_CASE("no room for odds and ends") {
  static const std::regex vague(R"((^|[/_])(util|utils|common|helper|helpers|misc)[_.])");
  for (const SourceFile& file :
       ReadTree({"agent", "discovery", "queue", "tests"}, {".h", ".cc", ".py", ".sh"})) {
    CHECK_MESSAGE(!std::regex_search(file.path, vague), file.path, ": name it by what it does");
  }
}

TEST_CASE("the top level is what the README says it is") {
  static const std::set<std::string> expected = {
      "CMakeLists.txt", "CMakePresets.json", "Dockerfile", "LICENSE",   "README.md",
      "agent",          "discovery",         "queue",      "manifests", "helm",
      "tests",
  };
  for (const auto& entry : fs::directory_iterator(LIMPET_SOURCE_DIR)) {
    const std::string name = entry.path().filename();
    if (name.starts_with(".") || name == "build") continue;
    CHECK_MESSAGE(expected.contains(name), name, " does not belong on the top level");
  }
}

}  // namespace
