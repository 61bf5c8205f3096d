#include "discovery/ingress.h"

#include <unordered_set>
#include <utility>
#include <vector>

#include "discovery/attach_metadata.h"
#include "discovery/bounded_targets.h"
#include "discovery/meta_labels.h"
#include "discovery/object_meta.h"

namespace limpet {
namespace {

constexpr size_t kTargetsMax = 10'000;

using Hosts = std::unordered_set<std::string_view>;

Hosts TlsHosts(const JsonValue& spec) {
  Hosts hosts;
  for (const JsonValue& tls : JsonArrayAt(spec, "tls").GetArray()) {
    for (const JsonValue& host : JsonArrayAt(tls, "hosts").GetArray()) {
      if (host.IsString()) hosts.insert(JsonView(host));
    }
  }
  return hosts;
}

// A wildcard stands for the first label of a name, and for that alone.
bool IsSecured(std::string_view host, const Hosts& tls_hosts) {
  if (tls_hosts.contains(host)) return true;
  std::string wildcard = "*";
  if (const size_t dot = host.find('.'); dot != std::string_view::npos) {
    wildcard.append(host.substr(dot));
  }
  return tls_hosts.contains(wildcard);
}

struct Rule {
  std::string_view host;
  bool https = false;
  std::vector<std::string_view> paths;
};

std::vector<Rule> ReadRules(const JsonValue& spec) {
  const Hosts tls_hosts = TlsHosts(spec);
  std::vector<Rule> rules;
  size_t targets_left = kTargetsMax;
  for (const JsonValue& item : JsonArrayAt(spec, "rules").GetArray()) {
    if (targets_left == 0) break;
    Rule& rule = rules.emplace_back();
    rule.host = JsonStringAt(item, "host");
    rule.https = IsSecured(rule.host, tls_hosts);
    const bool has_http = item.IsObject() && item.HasMember("http") && item["http"].IsObject();
    if (!has_http) {
      rule.paths.push_back("/");
      --targets_left;
    }
    for (const JsonValue& path : JsonArrayAt(JsonObjectAt(item, "http"), "paths").GetArray()) {
      if (targets_left == 0) break;
      --targets_left;
      const std::string_view text = JsonStringAt(path, "path");
      rule.paths.push_back(text.empty() ? "/" : text);
    }
  }
  return rules;
}

}  // namespace

std::string IngressRecord(const JsonValue& object) {
  const JsonValue& spec = JsonObjectAt(object, "spec");
  const std::vector<Rule> rules = ReadRules(spec);
  RecordWriter out;
  WriteObjectMeta(ReadObjectMeta(object), out);
  out.Text(JsonStringAt(spec, "ingressClassName"));
  out.Number(rules.size());
  for (const Rule& rule : rules) {
    out.Text(rule.host);
    out.Number(rule.https ? 1 : 0);
    out.Number(rule.paths.size());
    for (const std::string_view path : rule.paths) out.Text(path);
  }
  return out.Take();
}

TargetGroup IngressTargets(std::string_view record, const AttachMetadata& attach,
                           RelatedObjects& related) {
  RecordReader in(record);
  const ObjectMeta meta = ReadObjectMeta(in);
  TargetGroup group;
  group.source.append("ingress/").append(meta.name_space).append("/").append(meta.name);
  std::vector<Label> labels;
  AddMeta(labels, "namespace", meta.name_space);
  AddMeta(labels, "ingress_class_name", in.Text());
  AddObjectMeta(labels, "ingress", meta);
  AttachNamespace(meta.name_space, attach, related, labels);
  group.labels = Labels(std::move(labels));
  BoundedTargets targets(group, related);
  for (uint64_t rules_left = in.Number(); rules_left > 0; --rules_left) {
    const std::string_view host = in.Text();
    const std::string_view scheme = in.Number() != 0 ? "https" : "http";
    for (uint64_t paths_left = in.Number(); paths_left > 0; --paths_left) {
      std::vector<Label> target = {{"__address__", std::string(host)}};
      AddMeta(target, "ingress_scheme", scheme);
      AddMeta(target, "ingress_host", host);
      AddMeta(target, "ingress_path", in.Text());
      targets.Add(std::move(target));
    }
  }
  return group;
}

}  // namespace limpet
