#include "discovery/monitor_client.h"
#include "discovery/monitor_job.h"
#include "discovery/monitor_kinds.h"
#include "discovery/monitor_rules.h"

namespace limpet {
namespace {

constexpr std::string_view kKnownDiscoveries[] = {"staticConfigs", "kubernetesSDConfigs",
                                                  "httpSDConfigs", "fileSDConfigs"};

// What is left out would be missed by nobody who reads the object.
void RefuseOtherDiscoveries(MonitorJob& job, const MonitorField& spec) {
  for (const auto& [name, field] : spec.Members()) {
    if (!name.ends_with("SDConfigs") || !field.IsFilled()) continue;
    bool known = false;
    for (const std::string_view other : kKnownDiscoveries) known = known || name == other;
    if (!known) job.Error(field, "not supported by limpet");
  }
}

// A list of mappings under that key, each made by `fill`.
template <typename Fill>
void SetList(MonitorJob& job, std::string_view key, const MonitorField& from, const Fill& fill) {
  if (!from.IsFilled()) return;
  YamlNode& list = job.tree().List(from.path());
  for (const MonitorField& item : from.Items()) {
    YamlNode& mapping = job.tree().Mapping(item.path());
    fill(mapping, item);
    job.tree().Append(list, mapping);
  }
  job.tree().Set(job.root(), key, list);
}

void SetKubernetes(MonitorJob& job, YamlNode& mapping, const MonitorField& from) {
  const auto lower = MonitorJob::Spelling::kLowerCase;
  job.Set(mapping, "api_server", from.At("apiServer"));
  job.Set(mapping, "role", from.At("role"), lower);
  SetHttpClient(job, mapping, from);
  GeneratedJob& tree = job.tree();
  const MonitorField namespaces = from.At("namespaces");
  if (namespaces.IsSet()) {
    YamlNode& entry = tree.Mapping(namespaces.path());
    job.Set(entry, "own_namespace", namespaces.At("ownNamespace"));
    job.Set(entry, "names", namespaces.At("names"));
    tree.Set(mapping, "namespaces", entry);
  }
  const MonitorField selectors = from.At("selectors");
  if (selectors.IsFilled()) {
    YamlNode& list = tree.List(selectors.path());
    for (const MonitorField& selector : selectors.Items()) {
      YamlNode& entry = tree.Mapping(selector.path());
      job.Set(entry, "role", selector.At("role"), lower);
      job.Set(entry, "label", selector.At("label"));
      job.Set(entry, "field", selector.At("field"));
      tree.Append(list, entry);
    }
    tree.Set(mapping, "selectors", list);
  }
  const MonitorField node = from.At("attachMetadata").At("node");
  if (node.IsSet()) {
    YamlNode& attach = tree.Mapping(node.path());
    job.Set(attach, "node", node);
    tree.Set(mapping, "attach_metadata", attach);
  }
}

void SetDiscoveries(MonitorJob& job, const MonitorField& spec) {
  SetList(job, "static_configs", spec.At("staticConfigs"),
          [&](YamlNode& mapping, const MonitorField& from) {
            job.Set(mapping, "targets", from.At("targets"));
            job.Set(mapping, "labels", from.At("labels"));
          });
  SetList(job, "kubernetes_sd_configs", spec.At("kubernetesSDConfigs"),
          [&](YamlNode& mapping, const MonitorField& from) { SetKubernetes(job, mapping, from); });
  SetList(job, "http_sd_configs", spec.At("httpSDConfigs"),
          [&](YamlNode& mapping, const MonitorField& from) {
            job.Set(mapping, "url", from.At("url"));
            job.Set(mapping, "refresh_interval", from.At("refreshInterval"));
            SetHttpClient(job, mapping, from);
          });
  SetList(job, "file_sd_configs", spec.At("fileSDConfigs"),
          [&](YamlNode& mapping, const MonitorField& from) {
            SetFile(job, mapping, "files", from.At("files"));
            job.Set(mapping, "refresh_interval", from.At("refreshInterval"));
          });
  RefuseOtherDiscoveries(job, spec);
}

}  // namespace

void TranslateScrapeConfig(const MonitorInput& input, const MonitorField& spec,
                           MonitorReferences& references, MonitorJobs& out) {
  MonitorJob job(input, references, out,
                 "scrapeConfig/" + std::string(input.name_space) + "/" + std::string(input.name));
  YamlNode& root = job.root();
  job.Set(root, "honor_labels", spec.At("honorLabels"));
  job.Set(root, "honor_timestamps", spec.At("honorTimestamps"));
  job.Set(root, "track_timestamps_staleness", spec.At("trackTimestampsStaleness"));
  job.Set(root, "scrape_interval", spec.At("scrapeInterval"));
  job.Set(root, "scrape_timeout", spec.At("scrapeTimeout"));
  job.Set(root, "metrics_path", spec.At("metricsPath"));
  job.Set(root, "params", spec.At("params"));
  job.Set(root, "scheme", spec.At("scheme"), MonitorJob::Spelling::kLowerCase);
  job.Set(root, "enable_compression", spec.At("enableCompression"));
  SetHttpClient(job, root, spec);
  job.SetScrapeDefaults(spec);
  SetDiscoveries(job, spec);

  MonitorRules rules(job, "relabel_configs");
  rules.Add({.source_labels = {"job"}, .target_label = "__tmp_prometheus_job_name"});
  const MonitorField job_name = spec.At("jobName");
  if (!job_name.text().empty()) {
    rules.Add({.target_label = "job", .replacement = std::string(job_name.text())},
              job_name.path());
  }
  rules.AddOwn(spec.At("relabelings"));
  MonitorRules(job, "metric_relabel_configs").AddOwn(spec.At("metricRelabelings"));
  job.Finish();
}

}  // namespace limpet
