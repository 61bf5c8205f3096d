#include "agent/config/load.h"

#include <exception>
#include <utility>

#include "agent/config/blocks.h"
#include "agent/config/config_files.h"
#include "agent/config/yaml_document.h"
#include "agent/config/yaml_walker.h"
#include "agent/platform/file_system.h"

namespace limpet {

namespace {

constexpr size_t kConfigBytesMax = 4 << 20;
constexpr size_t kErrorsOfAllMax = 100;

void ReadRoot(ReadContext& context, const YamlNode& root, JobPlaces& jobs, Config& config) {
  MappingReader reader(context, root, "");
  if (const YamlNode* node = reader.Find("global")) ReadGlobal(context, *node, config.global);
  if (const YamlNode* node = reader.Find("scrape_configs")) {
    ReadScrapeConfigs(context, *node, config.global, jobs, config.scrape_configs);
  }
  ReadScrapeConfigFiles(reader, config.scrape_config_files);
  if (const YamlNode* node = reader.Find("remote_write")) {
    ReadRemoteWrites(context, *node, config.remote_write);
  }
  if (const YamlNode* node = reader.Find("storage")) ReadStorage(context, *node, config.storage);
  if (const YamlNode* node = reader.Find("kubernetes_monitors")) {
    ReadKubernetesMonitors(context, *node, config.kubernetes_monitors.emplace());
  }
  reader.NotSupported("rule_files", "it evaluates no rules");
  reader.NotSupported("alerting", "it evaluates no rules and sends no alerts");
  reader.NotSupported("remote_read", "it answers no queries");
  for (const char* key : {"tracing", "otlp", "runtime"}) {
    reader.NotSupported(key);
  }
  if (reader.IsMapping()) reader.Finish();
}

std::string DirectoryOfFile(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

// A file as a tree, given to `read` where it is one and not empty; the errors of both.
template <typename Read>
std::vector<ConfigError> ReadDocument(std::string_view text, const std::string& file,
                                      const std::string& directory, const LoadOptions& options,
                                      const Read& read) {
  const YamlDocument document = ParseYaml(text);
  if (!document.error.empty()) {
    return {{file, document.error_place.line, document.error_place.column, document.error}};
  }
  ReadContext context(file, directory, options);
  const bool empty = document.root == nullptr || document.root->kind == YamlNode::Kind::kNull;
  if (!empty) read(context, *document.root);
  return context.TakeErrors();
}

void ReadScrapeConfigFile(const ConfigFile& file, const LoadOptions& options, JobPlaces& jobs,
                          Config& config, std::vector<ConfigError>& errors) {
  if (!file.text) {
    errors.push_back({file.path, 1, 1, file.text.error().message});
    return;
  }
  const auto found = ReadDocument(*file.text, file.path, DirectoryOfFile(file.path), options,
                                  [&](ReadContext& context, const YamlNode& root) {
                                    MappingReader reader(context, root, "");
                                    if (const YamlNode* node = reader.Find("scrape_configs")) {
                                      ReadScrapeConfigs(context, *node, config.global, jobs,
                                                        config.scrape_configs);
                                    }
                                    if (reader.IsMapping()) reader.Finish();
                                  });
  errors.insert(errors.end(), found.begin(), found.end());
}

// `directory` is the file's own; without one, no other files are read.
LoadedConfig Load(std::string_view text, const std::string& file, const std::string* directory,
                  const LoadOptions& options) {
  LoadedConfig loaded;
  Config config;
  JobPlaces jobs;
  loaded.errors = ReadDocument(
      text, file, directory == nullptr ? "" : *directory, options,
      [&](ReadContext& context, const YamlNode& root) { ReadRoot(context, root, jobs, config); });
  if (directory != nullptr) {
    loaded.scrape_config_files = config.scrape_config_files;
    const std::vector<ConfigFile> files = ReadConfigFiles(config.scrape_config_files);
    loaded.scrape_config_files_version = VersionOf(files);
    for (const ConfigFile& more : files) {
      if (loaded.errors.size() >= kErrorsOfAllMax) break;
      ReadScrapeConfigFile(more, options, jobs, config, loaded.errors);
    }
  }
  if (loaded.errors.empty()) loaded.config = std::move(config);
  return loaded;
}

// Memory may run out, and yaml-cpp and RE2 are the work of others: nothing of it gets out of here.
LoadedConfig LoadOrFail(std::string_view text, const std::string& file,
                        const std::string* directory, const LoadOptions& options) {
  LoadedConfig failed;
  try {
    return Load(text, file, directory, options);
  } catch (const std::exception& error) {
    failed.errors = {{file, 1, 1, std::string("cannot be read: ") + error.what()}};
  }
  return failed;
}

}  // namespace

std::string ConfigError::ToString() const {
  return file + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + message;
}

LoadedConfig LoadConfig(std::string_view text, const std::string& file,
                        const LoadOptions& options) {
  return LoadOrFail(text, file, nullptr, options);
}

LoadedConfig LoadConfigFile(const std::string& path, const LoadOptions& options) {
  const Result<std::string> text = ReadWholeFile(path, kConfigBytesMax);
  if (!text) {
    LoadedConfig failed;
    failed.errors = {{path, 1, 1, text.error().message}};
    return failed;
  }
  const std::string directory = DirectoryOfFile(path);
  return LoadOrFail(*text, path, &directory, options);
}

}  // namespace limpet
