#include "agent/config/blocks.h"

namespace limpet {

namespace {

// Fields that an action leaves unused: setting them is a mistake, as in Prometheus.
void Unused(MappingReader& reader, RelabelAction action, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (reader.Has(key)) {
      reader.KeyError(key, "has no use with action " + std::string(RelabelActionName(action)));
    }
  }
}

void CheckTarget(MappingReader& reader, const RelabelRule& rule) {
  const YamlNode* node = reader.Find("target_label");
  if (node != nullptr && node->kind != YamlNode::Kind::kScalar) return;  // reported already
  if (rule.target_label.empty()) {
    reader.Error("action " + std::string(RelabelActionName(rule.action)) + " needs target_label");
  } else if (!IsUtf8Name(rule.target_label)) {
    reader.ValueError("target_label", "expected a label name");
  }
}

// What each action needs and refuses.
void CheckAction(MappingReader& reader, const RelabelRule& rule) {
  switch (rule.action) {
    case RelabelAction::kReplace:
      CheckTarget(reader, rule);
      return;
    case RelabelAction::kKeepEqual:
    case RelabelAction::kDropEqual:
      CheckTarget(reader, rule);
      Unused(reader, rule.action, {"regex", "modulus", "separator", "replacement"});
      return;
    case RelabelAction::kHashMod:
      CheckTarget(reader, rule);
      if (!reader.Has("modulus")) {
        reader.Error("action hashmod needs modulus");
      } else if (rule.modulus == 0) {
        reader.ValueError("modulus", "must be greater than 0");
      }
      return;
    case RelabelAction::kLowercase:
    case RelabelAction::kUppercase:
      CheckTarget(reader, rule);
      Unused(reader, rule.action, {"replacement"});
      return;
    case RelabelAction::kLabelMap:
      if (!IsUtf8Name(rule.replacement)) {
        reader.ValueError("replacement", "expected a label name or a template of one");
      }
      return;
    case RelabelAction::kLabelDrop:
    case RelabelAction::kLabelKeep:
      Unused(reader, rule.action,
             {"source_labels", "target_label", "modulus", "separator", "replacement"});
      return;
    case RelabelAction::kKeep:
    case RelabelAction::kDrop:
      return;
  }
}

void ReadRule(ReadContext& context, const YamlNode& node, const std::string& path,
              RelabelRule& rule) {
  MappingReader reader(context, node, path);
  if (!reader.IsMapping()) return;
  reader.List("source_labels", [&](const YamlNode& item, const std::string& item_path) {
    auto name = ReadText(context, item, item_path, "a label name");
    if (!name) return;
    if (!IsUtf8Name(*name)) context.AddError(item.place, item_path, "expected a label name");
    rule.source_labels.push_back(std::move(*name));
  });
  reader.Text("separator", rule.separator);
  // Here $ belongs to the expression and its groups, not to the environment.
  reader.RawText("target_label", rule.target_label);
  reader.RawText("replacement", rule.replacement);
  if (std::string text; reader.RawText("regex", text)) {
    Result<AnchoredRegex> regex = context.CompileRegex(text);
    if (regex) {
      rule.regex = std::move(*regex);
    } else {
      reader.ValueError("regex", "not a regular expression of RE2: " + regex.error().message);
    }
  }
  const bool has_modulus = reader.Unsigned("modulus", rule.modulus);
  bool action_ok = true;
  if (std::string text; reader.Text("action", text)) {
    Result<RelabelAction> action = ParseRelabelAction(text);
    action_ok = action.has_value();
    if (action) {
      rule.action = *action;
    } else {
      reader.ValueError("action", action.error().message);
    }
  }
  const bool modulus_ok = has_modulus || !reader.Has("modulus");
  if (action_ok && modulus_ok) CheckAction(reader, rule);
  reader.Finish();
}

}  // namespace

void ReadRelabelRules(MappingReader& reader, std::string_view key,
                      std::vector<RelabelRule>& rules) {
  reader.List(key, [&](const YamlNode& item, const std::string& path) {
    ReadRule(reader.context(), item, path, rules.emplace_back());
  });
}

}  // namespace limpet
