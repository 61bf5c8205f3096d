#include "agent/config/load.h"

#include <exception>
#include <utility>

#include "agent/config/blocks.h"
#include "agent/config/yaml_document.h"
#include "agent/config/yaml_walker.h"
#include "agent/platform/file_system.h"

namespace limpet {

namespace {

constexpr size_t kFileBytesMax = 4 << 20;

void ReadRoot(ReadContext& context, const YamlNode& root, Config& config) {
  MappingReader reader(context, root, "");
  if (const YamlNode* node = reader.Find("global")) ReadGlobal(context, *node, config.global);
  if (const YamlNode* node = reader.Find("scrape_configs")) {
    ReadScrapeConfigs(context, *node, config.global, config.scrape_configs);
  }
  if (const YamlNode* node = reader.Find("remote_write")) {
    ReadRemoteWrites(context, *node, config.remote_write);
  }
  if (const YamlNode* node = reader.Find("storage")) ReadStorage(context, *node, config.storage);
  reader.NotSupported("rule_files", "it evaluates no rules");
  reader.NotSupported("alerting", "it evaluates no rules and sends no alerts");
  reader.NotSupported("remote_read", "it answers no queries");
  for (const char* key : {"scrape_config_files", "tracing", "otlp", "runtime"}) {
    reader.NotSupported(key);
  }
  if (reader.IsMapping()) reader.Finish();
}

LoadedConfig Load(std::string_view text, const std::string& file, const std::string& directory,
                  const LoadOptions& options) {
  LoadedConfig loaded;
  const YamlDocument document = ParseYaml(text);
  if (!document.error.empty()) {
    loaded.errors.push_back(
        {file, document.error_place.line, document.error_place.column, document.error});
    return loaded;
  }
  ReadContext context(file, directory, options);
  Config config;
  const bool empty = document.root == nullptr || document.root->kind == YamlNode::Kind::kNull;
  if (!empty) ReadRoot(context, *document.root, config);
  loaded.errors = context.TakeErrors();
  if (loaded.errors.empty()) loaded.config = std::move(config);
  return loaded;
}

// Memory may run out, and yaml-cpp and RE2 are the work of others: nothing of it gets out of here.
LoadedConfig LoadOrFail(std::string_view text, const std::string& file,
                        const std::string& directory, const LoadOptions& options) {
  try {
    return Load(text, file, directory, options);
  } catch (const std::exception& error) {
    return {std::nullopt, {{file, 1, 1, std::string("cannot be read: ") + error.what()}}};
  }
}

}  // namespace

std::string ConfigError::ToString() const {
  return file + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + message;
}

LoadedConfig LoadConfig(std::string_view text, const std::string& file,
                        const LoadOptions& options) {
  return LoadOrFail(text, file, "", options);
}

LoadedConfig LoadConfigFile(const std::string& path, const LoadOptions& options) {
  const Result<std::string> text = ReadWholeFile(path, kFileBytesMax);
  if (!text) return {std::nullopt, {{path, 1, 1, text.error().message}}};
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  return LoadOrFail(*text, path, directory, options);
}

}  // namespace limpet
