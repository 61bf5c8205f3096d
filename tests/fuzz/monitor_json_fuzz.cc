// What anyone who may write a ServiceMonitor, PodMonitor, Probe or ScrapeConfig can say: an
// object's JSON, from bytes to jobs. Its Secrets are there, are missing or are not listed yet by
// their name.
//
// The first byte chooses the kind and the settings. A job is made or there is an error or something
// to wait for; the same object makes the same; no error holds the value of a Secret.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "discovery/monitor_kind.h"
#include "discovery/monitor_translation.h"

namespace limpet {
namespace {

constexpr std::string_view kSecret = "q7Zk-value-of-a-secret";

void Require(bool holds) {
  if (!holds) std::abort();
}

class ByName final : public MonitorReferences {
 public:
  Answer Find(const MonitorReference& reference, std::string_view key) override {
    Require(!reference.name.empty() && !key.empty());
    switch (reference.name.front()) {
      case 'n':
        return {Answer::State::kNoObject, {}};
      case 'k':
        return {Answer::State::kNoKey, {}};
      case 'l':
        return {Answer::State::kNotListed, {}};
      default:
        return {Answer::State::kFound, kSecret};
    }
  }
};

void Check(const MonitorJobs& made) {
  const bool none = !made.errors.empty() || !made.waits_for.empty();
  if (none) Require(made.jobs.empty());
  for (const std::string& error : made.errors) {
    Require(error.find(kSecret) == std::string::npos);
    Require(error.starts_with("spec") || error.starts_with("metadata"));
  }
  for (const ScrapeConfig& job : made.jobs) {
    Require(!job.job_name.empty() && !job.made_from.empty());
    Require(job.scrape_timeout <= job.scrape_interval);
    Require(job.sample_limit != 0 && job.sample_limit <= 100);
  }
}

}  // namespace
}  // namespace limpet

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  using namespace limpet;
  std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  rapidjson::Document document;
  if (!ParseJsonObject(text, document)) return 0;
  const std::string record = MonitorRecord(document);
  SecretRecord(document);
  ConfigMapRecord(document);
  const MonitorObject object = DecodeMonitor(record);
  Require(object.problem.empty() != object.spec.empty());
  if (!object.problem.empty()) return 0;
  KubernetesMonitorsConfig settings;
  settings.enforced_sample_limit = 100;
  settings.allow_files = (data[0] & 4) != 0;
  settings.endpoint_slices = (data[0] & 8) != 0;
  settings.ignore_namespace_selectors = (data[0] & 16) != 0;
  const GlobalConfig global;
  ByName references;
  const MonitorInput input{
      static_cast<MonitorKind>(data[0] & 3), "shop", "api", object.spec, settings, global};
  const MonitorJobs made = TranslateMonitor(input, references);
  Check(made);
  const MonitorJobs again = TranslateMonitor(input, references);
  Require(again.jobs == made.jobs && again.errors == made.errors);
  return 0;
}
