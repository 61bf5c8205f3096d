// A scrape configuration that is made by a program, checked by the readers of the file's blocks: a
// tree of the same keys, in which each value remembers where it comes from.
//
// Who calls it: discovery/ makes jobs of Kubernetes objects; any thread.
// Errors are those of a file, but with the origin of the value in the place of file, line and path;
// no value of a secret is in one. Limits: 100 000 values and 16 MiB of text a job, 100 errors.
//
//   GeneratedJob tree;
//   tree.Set(tree.root(), "scrape_interval", tree.Text("15", "spec.endpoints[0].interval"));
//   tree.Read(global).errors[0] == "spec.endpoints[0].interval: not a valid duration ..."
#ifndef LIMPET_AGENT_CONFIG_GENERATED_JOB_H_
#define LIMPET_AGENT_CONFIG_GENERATED_JOB_H_

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/config.h"
#include "agent/config/yaml_document.h"

namespace limpet {

class GeneratedJob {
 public:
  struct Checked {
    std::optional<ScrapeConfig> job;  // only where there is no error
    std::vector<std::string> errors;
  };

  GeneratedJob();
  GeneratedJob(const GeneratedJob&) = delete;
  GeneratedJob& operator=(const GeneratedJob&) = delete;

  YamlNode& root() { return *root_; }
  YamlNode& Text(std::string_view text, const std::string& origin);
  // A number, true or false, as it is written.
  YamlNode& Word(std::string_view word, const std::string& origin);
  YamlNode& List(const std::string& origin);
  YamlNode& Mapping(const std::string& origin);

  // A key is set once; the key's origin is its value's.
  void Set(YamlNode& mapping, std::string_view key, const YamlNode& value);
  void Append(YamlNode& list, const YamlNode& item) { list.items.push_back(&item); }
  // The value under the key, null where it is not set.
  static YamlNode* Find(YamlNode& mapping, std::string_view key);

  // Once, with what the job leaves out taken from `global`.
  Checked Read(const GlobalConfig& global) const;

 private:
  YamlNode& Add(YamlNode::Kind kind, const std::string& origin);

  std::deque<YamlNode> nodes_;
  std::vector<std::string> origins_;  // of the node whose line is the index, from 1
  YamlNode* root_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_CONFIG_GENERATED_JOB_H_
