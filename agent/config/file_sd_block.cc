#include <algorithm>

#include "agent/config/blocks.h"
#include "agent/platform/path_pattern.h"

namespace limpet {

namespace {

// What the content is, the name's end says; Prometheus takes these spellings alone.
constexpr std::string_view kEnds[] = {".json", ".yml", ".yaml", ".JSON", ".YML", ".YAML"};

bool IsTargetFileName(std::string_view name) {
  const bool has_end = std::any_of(std::begin(kEnds), std::end(kEnds),
                                   [&](std::string_view end) { return name.ends_with(end); });
  return has_end && IsPathPattern(name);
}

}  // namespace

void ReadFileSd(ReadContext& context, const YamlNode& node, const std::string& path,
                FileSdConfig& files) {
  MappingReader reader(context, node, path);
  if (!reader.IsMapping()) return;
  reader.List("files", [&](const YamlNode& item, const std::string& item_path) {
    std::optional<std::string> name = ReadText(context, item, item_path, "a file name");
    if (!name) return;
    if (!IsTargetFileName(*name)) {
      context.AddError(item.place, item_path,
                       "expected a file name that ends in .json, .yml or .yaml, with * in its last "
                       "segment at most, found " +
                           DescribeNode(item));
    }
    files.files.push_back(context.ResolveFile(*name));
  });
  if (const YamlNode* list = reader.Find("files"); list == nullptr || list->items.empty()) {
    const bool is_list = list == nullptr || list->kind == YamlNode::Kind::kList;
    if (is_list) reader.Error("files is missing: the files to read targets from");
  }
  reader.PositiveDuration("refresh_interval", files.refresh_interval);
  reader.Finish();
}

}  // namespace limpet
