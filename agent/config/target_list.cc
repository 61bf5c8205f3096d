#include "agent/config/target_list.h"

#include <exception>

#include "agent/config/blocks.h"
#include "agent/config/yaml_document.h"
#include "agent/config/yaml_walker.h"

namespace limpet {

namespace {

TargetList Read(std::string_view text, const std::string& file) {
  TargetList list;
  const YamlDocument document = ParseYaml(text);
  if (!document.error.empty()) {
    list.errors.push_back(
        {file, document.error_place.line, document.error_place.column, document.error});
    return list;
  }
  if (document.root == nullptr || document.root->kind == YamlNode::Kind::kNull) return list;
  ReadContext context(file, "", {});
  ReadList(context, *document.root, "", [&](const YamlNode& item, const std::string& path) {
    ReadStaticConfig(context, item, path, TargetText::kAny, list.groups.emplace_back());
  });
  list.errors = context.TakeErrors();
  return list;
}

}  // namespace

TargetList ReadYamlTargetList(std::string_view text, const std::string& file) {
  try {
    return Read(text, file);
  } catch (const std::exception& error) {
    return {{}, {{file, 1, 1, std::string("cannot be read: ") + error.what()}}};
  }
}

}  // namespace limpet
