#include "discovery/monitor_job.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "discovery/meta_labels.h"

namespace limpet {
namespace {

constexpr size_t kErrorsMax = 100;

std::string NumberText(const JsonValue& number) {
  rapidjson::StringBuffer text;
  rapidjson::Writer<rapidjson::StringBuffer> writer(text);
  number.Accept(writer);
  return text.GetString();
}

// A Quantity, which may be a number, "1.1" or "1100m".
std::string QuantityText(const MonitorField& field) {
  if (field.value().IsNumber()) return NumberText(field.value());
  const std::string_view text = field.text();
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_milli = error == std::errc() && end + 1 == text.data() + text.size() && *end == 'm';
  return is_milli ? std::to_string(number / 1000) : std::string(text);
}

// Of a limit that is set and one that is enforced, where 0 is none.
void Bound(uint64_t enforced, uint64_t& limit) {
  if (enforced != 0) limit = limit == 0 ? enforced : std::min(limit, enforced);
}

}  // namespace

MonitorJob::MonitorJob(const MonitorInput& input, MonitorReferences& references, MonitorJobs& out,
                       const std::string& job_name)
    : input_(input), references_(references), out_(out) {
  tree_.Set(root(), "job_name", tree_.Text(job_name, "metadata.name"));
}

YamlNode& MonitorJob::Json(const MonitorField& field) {
  const JsonValue& value = field.value();
  if (value.IsString()) return tree_.Text(field.text(), field.path());
  if (value.IsBool()) return tree_.Word(value.GetBool() ? "true" : "false", field.path());
  if (value.IsNumber()) return tree_.Word(NumberText(value), field.path());
  if (value.IsArray()) {
    YamlNode& list = tree_.List(field.path());
    for (const MonitorField& item : field.Items()) tree_.Append(list, Json(item));
    return list;
  }
  if (value.IsObject()) {
    YamlNode& mapping = tree_.Mapping(field.path());
    for (const auto& [name, member] : field.Members()) tree_.Set(mapping, name, Json(member));
    return mapping;
  }
  YamlNode& null = tree_.Word("", field.path());
  null.kind = YamlNode::Kind::kNull;
  return null;
}

void MonitorJob::Set(YamlNode& mapping, std::string_view key, const MonitorField& field,
                     Spelling spelling) {
  if (!field.IsFilled()) return;
  YamlNode& node = Json(field);
  if (spelling == Spelling::kLowerCase) node.text = LowerCase(node.text);
  tree_.Set(mapping, key, node);
}

void MonitorJob::Error(const MonitorField& field, std::string_view message) {
  if (out_.errors.size() >= kErrorsMax) return;
  out_.errors.push_back(field.path() + ": " + std::string(message));
}

YamlNode& MonitorJob::Value(const MonitorField& selector, bool is_secret) {
  const MonitorReference reference{is_secret, std::string(input_.name_space),
                                   std::string(selector.At("name").text())};
  const std::string_view key = selector.At("key").text();
  // In the place of one that is not there, so that the rest is checked all the same.
  YamlNode& placeholder = tree_.Text("-", selector.path());
  if (reference.name.empty() || key.empty()) {
    Error(selector, "needs name and key of a " + std::string(is_secret ? "Secret" : "ConfigMap"));
    return placeholder;
  }
  const MonitorReferences::Answer answer = references_.Find(reference, key);
  switch (answer.state) {
    case MonitorReferences::Answer::State::kFound:
      return tree_.Text(answer.value, selector.path());
    case MonitorReferences::Answer::State::kNoObject:
      Error(selector, "there is no " + reference.ToString());
      return placeholder;
    case MonitorReferences::Answer::State::kNoKey:
      Error(selector, "there is no key \"" + std::string(key.substr(0, 253)) + "\" in " +
                          reference.ToString());
      return placeholder;
    case MonitorReferences::Answer::State::kNotListed:
      break;
  }
  auto& waits = out_.waits_for;
  if (std::find(waits.begin(), waits.end(), reference) == waits.end()) waits.push_back(reference);
  return placeholder;
}

YamlNode& MonitorJob::SecretKey(const MonitorField& selector) { return Value(selector, true); }

YamlNode& MonitorJob::SecretOrConfigMapKey(const MonitorField& either) {
  const MonitorField secret = either.At("secret");
  const MonitorField config_map = either.At("configMap");
  if (secret.IsSet() && config_map.IsSet()) {
    Error(either, "at most one of secret and configMap may be set");
  }
  return secret.IsSet() ? Value(secret, true) : Value(config_map, false);
}

void MonitorJob::SetScrapeDefaults(const MonitorField& spec) {
  Set(root(), "scrape_protocols", spec.At("scrapeProtocols"));
  Set(root(), "fallback_scrape_protocol", spec.At("fallbackScrapeProtocol"));
  Set(root(), "scrape_native_histograms", spec.At("scrapeNativeHistograms"));
  Set(root(), "always_scrape_classic_histograms", spec.At("scrapeClassicHistograms"));
  Set(root(), "convert_classic_histograms_to_nhcb", spec.At("convertClassicHistogramsToNHCB"));
  Set(root(), "native_histogram_bucket_limit", spec.At("nativeHistogramBucketLimit"));
  const MonitorField factor = spec.At("nativeHistogramMinBucketFactor");
  if (factor.IsFilled()) {
    tree_.Set(root(), "native_histogram_min_bucket_factor",
              tree_.Word(QuantityText(factor), factor.path()));
  }
  Set(root(), "sample_limit", spec.At("sampleLimit"));
  Set(root(), "target_limit", spec.At("targetLimit"));
  Set(root(), "label_limit", spec.At("labelLimit"));
  Set(root(), "label_name_length_limit", spec.At("labelNameLengthLimit"));
  Set(root(), "label_value_length_limit", spec.At("labelValueLengthLimit"));
  Set(root(), "body_size_limit", spec.At("bodySizeLimit"));
  Set(root(), "keep_dropped_targets", spec.At("keepDroppedTargets"));
}

YamlNode& MonitorJob::DiscoverKubernetes(std::string_view role,
                                         const MonitorField& namespace_selector) {
  YamlNode& discovery = tree_.Mapping(namespace_selector.path());
  tree_.Set(discovery, "role", tree_.Text(role, namespace_selector.path()));
  const MonitorField names = namespace_selector.At("matchNames");
  const bool ignored = input_.settings.ignore_namespace_selectors;
  if (ignored || !namespace_selector.At("any").flag(false)) {
    YamlNode& namespaces = tree_.Mapping(namespace_selector.path());
    if (!ignored && names.IsFilled()) {
      tree_.Set(namespaces, "names", Json(names));
    } else {
      YamlNode& own = tree_.List(namespace_selector.path());
      tree_.Append(own, tree_.Text(input_.name_space, "metadata.namespace"));
      tree_.Set(namespaces, "names", own);
    }
    tree_.Set(discovery, "namespaces", namespaces);
  }
  YamlNode& list = tree_.List(namespace_selector.path());
  tree_.Append(list, discovery);
  tree_.Set(root(), "kubernetes_sd_configs", list);
  return discovery;
}

void MonitorJob::Enforce(ScrapeConfig& job) const {
  const KubernetesMonitorsConfig& settings = input_.settings;
  Bound(settings.enforced_body_size_limit, job.body_size_limit);
  Bound(settings.enforced_sample_limit, job.sample_limit);
  Bound(settings.enforced_target_limit, job.target_limit);
  Bound(settings.enforced_label_limit, job.label_limit);
  Bound(settings.enforced_label_name_length_limit, job.label_name_length_limit);
  Bound(settings.enforced_label_value_length_limit, job.label_value_length_limit);
}

void MonitorJob::Finish() {
  GeneratedJob::Checked checked = tree_.Read(input_.global);
  for (std::string& error : checked.errors) {
    if (out_.errors.size() < kErrorsMax) out_.errors.push_back(std::move(error));
  }
  if (!checked.job) return;
  ScrapeConfig& job = *checked.job;
  job.made_from = input_.ToString();
  Enforce(job);
  // Targets are looked for where the objects are, by the same identity.
  for (KubernetesSdConfig& discovery : job.kubernetes_sd_configs) {
    if (discovery.api_server || !discovery.kubeconfig_file.empty()) continue;
    discovery.api_server = input_.settings.api_server;
    discovery.kubeconfig_file = input_.settings.kubeconfig_file;
    discovery.http = input_.settings.http;
  }
  out_.jobs.push_back(std::move(job));
}

}  // namespace limpet
