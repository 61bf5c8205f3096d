#include <set>

#include "discovery/monitor_client.h"
#include "discovery/monitor_job.h"
#include "discovery/monitor_kinds.h"
#include "discovery/monitor_rules.h"

namespace limpet {
namespace {

void SetParams(MonitorJob& job, const MonitorField& spec) {
  GeneratedJob& tree = job.tree();
  YamlNode& params = tree.Mapping(spec.At("params").path());
  std::set<std::string_view> names;
  const MonitorField module = spec.At("module");
  if (module.IsFilled()) {
    YamlNode& values = tree.List(module.path());
    tree.Append(values, job.Json(module));
    tree.Set(params, "module", values);
    names.insert("module");
  }
  for (const MonitorField& param : spec.At("params").Items()) {
    const std::string_view name = param.At("name").text();
    if (name == "module" && module.IsFilled()) continue;
    if (!names.insert(name).second) {
      job.Error(param.At("name"), "is in the list already");
    } else {
      job.Set(params, name, param.At("values"));
    }
  }
  if (!params.entries.empty()) tree.Set(job.root(), "params", params);
}

void SetRequest(MonitorJob& job, const MonitorField& spec) {
  const MonitorField prober = spec.At("prober");
  YamlNode& root = job.root();
  const MonitorField path = prober.At("path");
  const std::string_view default_path = "/probe";
  job.tree().Set(root, "metrics_path",
                 path.IsFilled() ? job.Json(path) : job.tree().Text(default_path, path.path()));
  job.Set(root, "scrape_interval", spec.At("interval"));
  job.Set(root, "scrape_timeout", spec.At("scrapeTimeout"));
  job.Set(root, "scheme", prober.At("scheme"), MonitorJob::Spelling::kLowerCase);
  SetParams(job, spec);
  SetProxy(job, root, prober);
  SetHttpClient(job, root, spec);
  const MonitorField url = prober.At("url");
  if (url.text().empty() || url.text().find('/') != std::string_view::npos) {
    job.Error(url, "expected host or host:port, the scheme and path have fields of their own");
  }
}

// The target becomes a parameter, and what is scraped is the prober.
void AddProber(MonitorRules& rules, const MonitorField& spec) {
  const MonitorField url = spec.At("prober").At("url");
  rules.Add({.source_labels = {"__param_target"}, .target_label = "instance"});
  rules.Add({.target_label = "__address__", .replacement = std::string(url.text())}, url.path());
}

void SetStaticTargets(MonitorJob& job, MonitorRules& rules, const MonitorField& spec,
                      const MonitorField& from) {
  GeneratedJob& tree = job.tree();
  YamlNode& group = tree.Mapping(from.path());
  job.Set(group, "targets", from.At("static"));
  const MonitorField labels = from.At("labels");
  YamlNode& label_map = labels.value().IsObject() ? job.Json(labels) : tree.Mapping(labels.path());
  if (GeneratedJob::Find(label_map, "namespace") == nullptr) {
    tree.Set(label_map, "namespace", tree.Text(job.input().name_space, "metadata.namespace"));
  }
  tree.Set(group, "labels", label_map);
  YamlNode& list = tree.List(from.path());
  tree.Append(list, group);
  tree.Set(job.root(), "static_configs", list);
  rules.Add({.source_labels = {"__address__"}, .target_label = "__param_target"});
  AddProber(rules, spec);
  rules.AddOwn(from.At("relabelingConfigs"));
}

void SetIngressTargets(MonitorJob& job, MonitorRules& rules, const MonitorField& spec,
                       const MonitorField& from) {
  rules.AddSelector(from.At("selector"), "ingress");
  job.DiscoverKubernetes("ingress", from.At("namespaceSelector"));
  rules.Add({.source_labels = {"__meta_kubernetes_ingress_scheme", "__address__",
                               "__meta_kubernetes_ingress_path"},
             .regex = "(.+);(.+);(.+)",
             .target_label = "__param_target",
             .replacement = "${1}://${2}${3}"});
  rules.Add({.source_labels = {"__meta_kubernetes_namespace"}, .target_label = "namespace"});
  rules.Add({.source_labels = {"__meta_kubernetes_ingress_name"}, .target_label = "ingress"});
  rules.Add({.source_labels = {"__address__"}, .target_label = "__tmp_ingress_address"});
  AddProber(rules, spec);
  rules.AddOwn(from.At("relabelingConfigs"));
}

}  // namespace

void TranslateProbe(const MonitorInput& input, const MonitorField& spec,
                    MonitorReferences& references, MonitorJobs& out) {
  MonitorJob job(input, references, out,
                 "probe/" + std::string(input.name_space) + "/" + std::string(input.name));
  SetRequest(job, spec);
  job.SetScrapeDefaults(spec);
  MonitorRules rules(job, "relabel_configs");
  rules.Add({.source_labels = {"job"}, .target_label = "__tmp_prometheus_job_name"});
  const MonitorField job_name = spec.At("jobName");
  if (!job_name.text().empty()) {
    rules.Add({.target_label = "job", .replacement = std::string(job_name.text())},
              job_name.path());
  }
  const MonitorField targets = spec.At("targets");
  if (targets.At("staticConfig").IsSet()) {
    SetStaticTargets(job, rules, spec, targets.At("staticConfig"));
  } else if (targets.At("ingress").IsSet()) {
    SetIngressTargets(job, rules, spec, targets.At("ingress"));
  } else {
    job.Error(targets, "needs staticConfig or ingress");
  }
  MonitorRules(job, "metric_relabel_configs").AddOwn(spec.At("metricRelabelings"));
  job.Finish();
}

}  // namespace limpet
