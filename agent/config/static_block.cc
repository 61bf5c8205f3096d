#include "agent/config/blocks.h"

namespace limpet {

void ReadStaticConfig(ReadContext& context, const YamlNode& node, const std::string& path,
                      TargetText allowed, StaticConfig& group) {
  MappingReader reader(context, node, path);
  reader.List("targets", [&](const YamlNode& item, const std::string& item_path) {
    std::optional<std::string> target = ReadText(context, item, item_path, "host:port");
    if (!target) return;
    const bool empty = target->empty() && allowed != TargetText::kAny;
    const bool no_address =
        allowed == TargetText::kAddress && target->find('/') != std::string::npos;
    if (empty || no_address) {
      context.AddError(item.place, item_path, "expected host:port, found " + DescribeNode(item));
    }
    group.targets.push_back(std::move(*target));
  });
  if (const YamlNode* labels = reader.Find("labels")) {
    ReadLabels(context, *labels, reader.PathOf("labels"), group.labels);
  }
  reader.Finish();
}

}  // namespace limpet
