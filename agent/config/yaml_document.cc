#include "agent/config/yaml_document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <sstream>
#include <unordered_map>

#include "agent/platform/utf8.h"

namespace limpet {

namespace {

constexpr size_t kTextBytesMax = 4 << 20;
constexpr size_t kDepthMax = 64;
constexpr size_t kNodesMax = 100'000;
// yaml-cpp holds all of a flow collection's tokens, some 200 bytes each, before it tells of the
// first.
constexpr size_t kIndicatorsMax = 200'000;
constexpr std::string_view kIndicators = "[{,&*!\"'";

// Leaves yaml-cpp's parser; caught in ParseYaml.
struct Refused {
  std::string message;
  YamlPlace place;
};

YamlPlace PlaceOf(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(YamlDocument& document) : document_(document) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    const YamlPlace place = PlaceOf(mark);
    // yaml-cpp stays where it is, for ever, at a token that no document can begin with.
    if (++documents_ > 1 && place.line == document_place_.line &&
        place.column == document_place_.column) {
      throw Refused{"not valid YAML: expected the end of the file", place};
    }
    document_place_ = place;
  }
  void OnDocumentEnd() override {}

  // A document of nothing is what a trailing `---` makes.
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (documents_ > 1 && levels_.empty()) return;
    New(mark, anchor, YamlNode::Kind::kNull).closed = true;
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end() || !found->second->closed) {
      throw Refused{"an alias must not stand within its own anchor", PlaceOf(mark)};
    }
    Attach(*found->second, PlaceOf(mark));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    constexpr std::string_view kStringTag = "tag:yaml.org,2002:str";
    const bool plain = tag == "?" || tag.empty();
    if (!plain && tag != "!" && tag != kStringTag) RefuseTag(mark);
    const bool null =
        plain && (value == "~" || value == "null" || value == "Null" || value == "NULL");
    YamlNode& node = New(mark, anchor, null ? YamlNode::Kind::kNull : YamlNode::Kind::kScalar);
    node.text = value;
    node.quoted = !plain;
    node.closed = true;
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    if (tag != "?" && tag != "!" && !tag.empty()) RefuseTag(mark);
    Open(New(mark, anchor, YamlNode::Kind::kList));
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    if (tag != "?" && tag != "!" && !tag.empty()) RefuseTag(mark);
    Open(New(mark, anchor, YamlNode::Kind::kMapping));
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Level {
    YamlNode* node;
    const YamlNode* key = nullptr;  // of a mapping, until its value comes
  };

  [[noreturn]] static void RefuseTag(const YAML::Mark& mark) {
    throw Refused{"YAML tags are not supported here", PlaceOf(mark)};
  }

  YamlNode& New(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind) {
    if (documents_ > 1) {
      throw Refused{"more than one YAML document; expected only one", document_place_};
    }
    if (document_.nodes.size() >= kNodesMax) {
      throw Refused{"more than 100000 keys and values", PlaceOf(mark)};
    }
    YamlNode& node = document_.nodes.emplace_back();
    node.kind = kind;
    node.place = PlaceOf(mark);
    // yaml-cpp tells where the next thing begins: what holds the nothing is nearer.
    if (kind == YamlNode::Kind::kNull && !levels_.empty()) {
      const Level& level = levels_.back();
      node.place = level.key == nullptr ? level.node->place : level.key->place;
    }
    if (anchor != YAML::NullAnchor) anchors_[anchor] = &node;
    Attach(node, node.place);
    return node;
  }

  void Attach(const YamlNode& node, const YamlPlace& place) {
    if (++attached_ > kNodesMax) throw Refused{"more than 100000 keys and values", place};
    if (levels_.empty()) {
      document_.root = &node;
      return;
    }
    Level& level = levels_.back();
    if (level.node->kind == YamlNode::Kind::kList) {
      level.node->items.push_back(&node);
    } else if (level.key == nullptr) {
      level.key = &node;
    } else {
      level.node->entries.emplace_back(level.key, &node);
      level.key = nullptr;
    }
  }

  void Open(YamlNode& node) {
    if (levels_.size() >= kDepthMax) throw Refused{"nested deeper than 64 levels", node.place};
    levels_.push_back({&node});
  }

  void Close() {
    levels_.back().node->closed = true;
    levels_.pop_back();
  }

  YamlDocument& document_;
  std::vector<Level> levels_;
  std::unordered_map<YAML::anchor_t, YamlNode*> anchors_;
  size_t documents_ = 0;
  YamlPlace document_place_;
  size_t attached_ = 0;
};

// Throws Refused where the text holds what YAML does not allow.
void CheckCharacters(std::string_view text) {
  if (text.size() > kTextBytesMax) throw Refused{"the file is larger than 4 MiB", {}};
  YamlPlace place;
  size_t indicators = 0;
  while (!text.empty()) {
    const auto c = static_cast<unsigned char>(text[0]);
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F) {
      throw Refused{"control character; expected text", place};
    }
    const size_t bytes = Utf8CharacterBytes(text);
    if (bytes == 0) throw Refused{"not valid UTF-8; expected text", place};
    if (kIndicators.find(text[0]) != std::string_view::npos && ++indicators > kIndicatorsMax) {
      throw Refused{"more than 200000 brackets, commas, quotes, anchors and aliases", place};
    }
    text.remove_prefix(bytes);
    place.column += static_cast<int>(bytes);
    if (c == '\n') place = {place.line + 1, 1};
  }
}

// A tab in the indentation up to this line: what most puzzling YAML errors come from.
std::optional<YamlPlace> IndentingTab(std::string_view text, int line_max) {
  size_t line_start = 0;
  for (int line = 1; line <= line_max && line_start < text.size(); ++line) {
    const size_t indent = std::min(text.find_first_not_of(" \t", line_start), text.size());
    const size_t tab = text.find('\t', line_start);
    if (tab < indent) return YamlPlace{line, static_cast<int>(tab - line_start) + 1};
    line_start = std::min(text.find('\n', line_start), text.size() - 1) + 1;
  }
  return std::nullopt;
}

void Parse(std::string_view text, YamlDocument& document) {
  CheckCharacters(text);
  std::istringstream stream{std::string(text)};
  YAML::Parser parser(stream);
  TreeBuilder builder(document);
  while (parser.HandleNextDocument(builder)) {
  }
}

}  // namespace

YamlDocument ParseYaml(std::string_view text) {
  YamlDocument document;
  const auto fail = [&](std::string message, YamlPlace place) {
    document.root = nullptr;
    document.error = std::move(message);
    document.error_place = place;
  };
  try {
    Parse(text, document);
  } catch (const Refused& refused) {
    fail(refused.message, refused.place);
  } catch (const YAML::Exception& error) {
    const YamlPlace place = error.mark.is_null() ? YamlPlace{} : PlaceOf(error.mark);
    const std::optional<YamlPlace> tab = IndentingTab(text, place.line);
    if (tab) {
      fail("not valid YAML: a tab in the indentation; expected spaces", *tab);
    } else {
      fail("not valid YAML: " + error.msg, place);
    }
  } catch (const std::exception& error) {
    fail(std::string("not valid YAML: ") + error.what(), {});
  }
  return document;
}

}  // namespace limpet
