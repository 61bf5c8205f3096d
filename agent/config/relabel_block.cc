#include "agent/config/blocks.h"

namespace limpet {

namespace {

// Whether the file sets the field to something else than its default.
bool DiffersFromDefault(MappingReader& reader, const RelabelRule& rule, std::string_view key) {
  static const RelabelRule kDefault;
  if (key == "separator") return rule.separator != kDefault.separator;
  if (key == "regex") return rule.regex != kDefault.regex;
  if (key == "modulus") return rule.modulus != kDefault.modulus;
  if (key == "target_label") return rule.target_label != kDefault.target_label;
  if (key == "replacement") return rule.replacement != kDefault.replacement;
  return reader.Has(key);
}

// Fields that an action leaves unused: setting them is a mistake, as in Prometheus, which compares
// values: a rule may spell out the defaults.
void Unused(MappingReader& reader, const RelabelRule& rule,
            std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (DiffersFromDefault(reader, rule, key)) {
      reader.KeyError(key, "has no use with action " + std::string(RelabelActionName(rule.action)));
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
      Unused(reader, rule, {"regex", "modulus", "separator", "replacement"});
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
      Unused(reader, rule, {"replacement"});
      return;
    case RelabelAction::kLabelMap:
      if (!IsUtf8Name(rule.replacement)) {
        reader.ValueError("replacement", "expected a label name or a template of one");
      }
      return;
    case RelabelAction::kLabelDrop:
    case RelabelAction::kLabelKeep:
      Unused(reader, rule,
             {"source_labels", "target_label", "modulus", "separator", "replacement"});
      return;
    case RelabelAction::kKeep:
    case RelabelAction::kDrop:
      return;
  }
}

// As in Prometheus a key with nothing behind it (`regex:`) is empty, not the default.
void ReadPattern(MappingReader& reader, RelabelRule& rule) {
  if (reader.IsNull("separator")) rule.separator.clear();
  reader.Text("separator", rule.separator);
  // Here $ belongs to the expression and its groups, not to the environment.
  reader.RawText("target_label", rule.target_label);
  if (reader.IsNull("replacement")) rule.replacement.clear();
  reader.RawText("replacement", rule.replacement);
  std::string text;
  if (!reader.RawText("regex", text) && !reader.IsNull("regex")) return;
  Result<AnchoredRegex> regex = reader.context().CompileRegex(text);
  if (regex) {
    rule.regex = std::move(*regex);
  } else {
    reader.ValueError("regex", "not a regular expression of RE2: " + regex.error().message);
  }
}

void ReadRule(ReadContext& context, const YamlNode& node, const std::string& path,
              RelabelRule& rule) {
  MappingReader reader(context, node, path);
  if (!reader.IsMapping()) return;
  rule.line.number = node.place.line;
  reader.List("source_labels", [&](const YamlNode& item, const std::string& item_path) {
    auto name = ReadText(context, item, item_path, "a label name");
    if (!name) return;
    if (!IsUtf8Name(*name)) context.AddError(item.place, item_path, "expected a label name");
    rule.source_labels.push_back(std::move(*name));
  });
  ReadPattern(reader, rule);
  const bool has_modulus = reader.Unsigned("modulus", rule.modulus);
  bool action_ok = !reader.IsNull("action");
  if (!action_ok) reader.KeyError("action", "expected an action, found nothing");
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
