#include "agent/config/blocks.h"
#include "agent/platform/path_pattern.h"

namespace limpet {

void ReadScrapeConfigFiles(MappingReader& reader, std::vector<std::string>& patterns) {
  ReadContext& context = reader.context();
  reader.List("scrape_config_files", [&](const YamlNode& item, const std::string& path) {
    std::optional<std::string> pattern = ReadText(context, item, path, "a file name");
    if (!pattern) return;
    if (!IsPathPattern(*pattern)) {
      context.AddError(
          item.place, path,
          "expected a file name, with * in its last segment at most, found " + DescribeNode(item));
      return;
    }
    patterns.push_back(context.ResolveFile(*pattern));
  });
}

}  // namespace limpet
