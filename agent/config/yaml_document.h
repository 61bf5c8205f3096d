// YAML text as a tree that keeps what a strict reader needs: the place of every key and value,
// duplicate keys, whether a scalar was quoted.
//
// Who calls it: LoadConfig; nothing outside config/.
// Limits: 4 MiB of text, 64 levels, 100 000 nodes, 200 000 indicators, one document. Aliases share
// their anchor's node, so the tree is no larger than the text; an alias within its own anchor is
// refused. Merge keys
// (<<) are left to the reader. Control characters are refused: yaml-cpp takes 0x04 for the end of
// the text. yaml-cpp's exceptions end here.
#ifndef LIMPET_AGENT_CONFIG_YAML_DOCUMENT_H_
#define LIMPET_AGENT_CONFIG_YAML_DOCUMENT_H_

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace limpet {

struct YamlPlace {
  int line = 1;    // from 1
  int column = 1;  // from 1, in bytes
};

struct YamlNode {
  enum class Kind { kNull, kScalar, kList, kMapping };

  Kind kind = Kind::kNull;
  bool quoted = false;  // a scalar that is a string whatever it looks like
  bool closed = false;  // read to its end: an alias may stand for it
  YamlPlace place;
  std::string text;                                                  // of a scalar
  std::vector<const YamlNode*> items;                                // of a list
  std::vector<std::pair<const YamlNode*, const YamlNode*>> entries;  // of a mapping, in order
};

struct YamlDocument {
  std::deque<YamlNode> nodes;
  const YamlNode* root = nullptr;  // none: the text is empty
  // Where reading failed: what and where. Nothing else is then of use.
  std::string error;
  YamlPlace error_place;
};

YamlDocument ParseYaml(std::string_view text);

}  // namespace limpet

#endif  // LIMPET_AGENT_CONFIG_YAML_DOCUMENT_H_
