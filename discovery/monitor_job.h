// One job while it is made from a monitor object: its tree, and what all kinds put into it.
//
// Who calls it: the translators of the kinds, on the loop's thread.
#ifndef LIMPET_DISCOVERY_MONITOR_JOB_H_
#define LIMPET_DISCOVERY_MONITOR_JOB_H_

#include <string>
#include <string_view>
#include <vector>

#include "agent/config/generated_job.h"
#include "discovery/monitor_field.h"
#include "discovery/monitor_references.h"
#include "discovery/monitor_translation.h"

namespace limpet {

class MonitorJob {
 public:
  // What Set does with a text: taken as it is, or in lower case as enumerations are spelt.
  enum class Spelling { kAsIs, kLowerCase };

  MonitorJob(const MonitorInput& input, MonitorReferences& references, MonitorJobs& out,
             const std::string& job_name);

  const MonitorInput& input() const { return input_; }
  GeneratedJob& tree() { return tree_; }
  YamlNode& root() { return tree_.root(); }

  // Any JSON as it is.
  YamlNode& Json(const MonitorField& field);
  // The field under that key; nothing where it is not filled.
  void Set(YamlNode& mapping, std::string_view key, const MonitorField& field,
           Spelling spelling = Spelling::kAsIs);
  void Error(const MonitorField& field, std::string_view message);

  // The value of a SecretKeySelector, or of a SecretOrConfigMap. After an error, and while it is
  // waited for, another one: the job comes to nothing then.
  YamlNode& SecretKey(const MonitorField& selector);
  YamlNode& SecretOrConfigMapKey(const MonitorField& either);

  // The formats and limits of a spec, and what it says of native histograms.
  void SetScrapeDefaults(const MonitorField& spec);
  // kubernetes_sd_configs with one entry: its mapping, for what else goes in.
  YamlNode& DiscoverKubernetes(std::string_view role, const MonitorField& namespace_selector);

  // Checks the job; what it is goes to `out`. Last.
  void Finish();

 private:
  YamlNode& Value(const MonitorField& selector, bool is_secret);
  void Enforce(ScrapeConfig& job) const;

  const MonitorInput& input_;
  MonitorReferences& references_;
  MonitorJobs& out_;
  GeneratedJob tree_;
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_MONITOR_JOB_H_
