// The strict reader of YAML mappings: every value is asked for by its key and type, and what nobody
// asked for is an error.
//
// Who calls it: the readers of the configuration's blocks, within one LoadConfig.
// Errors go to the ReadContext with the place of the key or value; a reader then goes on, so that
// all errors of a file are found at once. Each is "path: what is wrong", where the path is as in
// scrape_configs[2].tls_config. A value that is in error or null leaves `out` as it is.
// Limits: 100 000 values and 16 MiB of text read (aliases may share nodes), 100 errors kept.
//
//   MappingReader reader(context, node, "global");
//   reader.Duration("scrape_interval", global.scrape_interval);
//   reader.Finish();
#ifndef LIMPET_AGENT_CONFIG_YAML_WALKER_H_
#define LIMPET_AGENT_CONFIG_YAML_WALKER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/config/environment.h"
#include "agent/config/load.h"
#include "agent/config/yaml_document.h"
#include "agent/platform/clock.h"
#include "agent/platform/secret.h"
#include "agent/platform/url.h"
#include "agent/relabel/anchored_regex.h"

namespace limpet {

// What one LoadConfig carries along: where it reads, and the errors so far.
class ReadContext {
 public:
  // Relative file names are taken from `directory`; as they are where it is empty.
  ReadContext(std::string file, std::string directory, const LoadOptions& options);

  const std::string& file() const { return file_; }
  void AddError(const YamlPlace& place, const std::string& path, const std::string& message);
  // The scalar's text after replacing environment variables; nothing where that failed.
  std::optional<std::string> Expand(const YamlNode& scalar, const std::string& path);
  // The same, whether it is asked for or not.
  std::optional<std::string> ExpandVariables(const YamlNode& scalar, const std::string& path,
                                             VariableForm form);
  std::string ResolveFile(const std::string& name) const;
  // An expression that stands in many rules is compiled once.
  Result<AnchoredRegex> CompileRegex(const std::string& text);
  // One that need not be compiled again.
  void Know(const AnchoredRegex& regex) { regexes_.emplace(regex.text(), regex); }
  // Counts a value; false, after an error, once more has been read than any file needs.
  bool Visit(const YamlNode& node);
  // In order of place.
  std::vector<ConfigError> TakeErrors();

 private:
  std::string file_;
  std::string directory_;
  LoadOptions options_;
  std::vector<ConfigError> errors_;
  std::map<std::string, Result<AnchoredRegex>> regexes_;
  size_t visited_ = 0;
  size_t visited_bytes_ = 0;
  size_t expanded_bytes_ = 0;
  bool exhausted_ = false;
};

// "a list", "a mapping", "text".
std::string_view KindOf(const YamlNode& node);
// The same, but a scalar's text as it is written in the file, in quotes and cut short. Not for what
// may be a secret.
std::string DescribeNode(const YamlNode& node);

// The text in quotes, cut short, on one line.
std::string Quoted(std::string_view text);
// A key as it may be shown: up to a colon or quote, for "password:secret" is a key where the space
// is missing, and a secret in quotes with a colon somewhere behind it may be read as one.
std::string ShownKey(std::string_view key);

// A scalar as text, environment variables replaced; reports anything else.
std::optional<std::string> ReadText(ReadContext& context, const YamlNode& node,
                                    const std::string& path, std::string_view expected = "text");

// Calls `each` with every item of a list and its path ("targets[3]"); reports what is no list.
using ItemReader = std::function<void(const YamlNode& item, const std::string& path)>;
void ReadList(ReadContext& context, const YamlNode& node, const std::string& path,
              const ItemReader& each);

class MappingReader {
 public:
  struct Entry {
    const YamlNode* key;
    const YamlNode* value;
    bool known = false;
    bool empty = false;  // its text was read, and there is none
  };

  // Reports a node that is no mapping and duplicate keys; merge keys are merged.
  MappingReader(ReadContext& context, const YamlNode& node, std::string path);

  // False where the node is none: there is then nothing to check.
  bool IsMapping() const { return node_.kind == YamlNode::Kind::kMapping; }
  ReadContext& context() { return context_; }
  const std::string& path() const { return path_; }
  std::string PathOf(std::string_view key) const;
  const YamlPlace& place() const { return node_.place; }
  // Of the key, of the mapping where it is not there.
  const YamlPlace& KeyPlace(std::string_view key) const;
  // In order of key.
  const std::map<std::string_view, Entry>& entries() const { return entries_; }

  // Whether the key is there with a value that is not null; marks it as known.
  bool Has(std::string_view key) { return Find(key) != nullptr; }
  // The same, but not where it was read as text and is empty: for keys that have no empty value.
  bool IsSet(std::string_view key);
  // Whether the key is there with nothing behind it; marks it as known.
  bool IsNull(std::string_view key);
  const YamlNode* Find(std::string_view key);

  // Each true where the key is there and its value was read without an error.
  bool Text(std::string_view key, std::string& out);
  // Text with variables of either form replaced, whether that is asked for or not.
  bool TextWithVariables(std::string_view key, std::string& out);
  // Text as it is written, environment variables or not.
  bool RawText(std::string_view key, std::string& out);
  bool SecretText(std::string_view key, Secret& out);
  bool FileName(std::string_view key, std::string& out);
  bool Bool(std::string_view key, bool& out);
  bool Unsigned(std::string_view key, uint64_t& out);
  bool Duration(std::string_view key, Millis& out);
  bool PositiveDuration(std::string_view key, Millis& out);
  bool ByteSize(std::string_view key, uint64_t& out);
  bool HttpUrl(std::string_view key, Url& out);
  void List(std::string_view key, const ItemReader& each);

  // Errors at a key, at its value, at the mapping as a whole.
  void KeyError(std::string_view key, const std::string& message);
  void ValueError(std::string_view key, const std::string& message);
  void Error(const std::string& message);

  // Keys that Prometheus has and limpet does not, refused with the reason where there is one.
  void NotSupported(std::string_view key, std::string_view reason = {});
  // Reports the keys that were never asked for. Call it last.
  void Finish();

 private:
  void AddEntries(const YamlNode& mapping, int merge_depth);
  void Merge(const YamlNode& node, int merge_depth);
  std::string SuggestionFor(std::string_view key) const;  // what may have been meant

  ReadContext& context_;
  const YamlNode& node_;
  std::string path_;
  std::map<std::string_view, Entry> entries_;
  std::set<std::string_view> asked_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_CONFIG_YAML_WALKER_H_
