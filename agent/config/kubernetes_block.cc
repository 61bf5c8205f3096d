#include <algorithm>
#include <iterator>

#include "agent/config/blocks.h"
#include "agent/config/kubernetes_name.h"

namespace limpet {

namespace {

constexpr std::string_view kRoles = "endpoints, endpointslice, ingress, node, pod, service";

// Whose objects each role's selectors may choose: those that its targets are made of.
struct RoleSelectors {
  std::string_view role;
  std::vector<std::string_view> selectors;
};

const RoleSelectors* FindRole(std::string_view name) {
  static const std::vector<RoleSelectors> roles = {
      {"endpoints", {"endpoints", "pod", "service"}},
      {"endpointslice", {"endpointslice", "pod", "service"}},
      {"ingress", {"ingress"}},
      {"node", {"node"}},
      {"pod", {"node", "pod"}},
      {"service", {"service"}}};
  const auto found = std::find_if(roles.begin(), roles.end(),
                                  [&](const RoleSelectors& role) { return role.role == name; });
  return found == roles.end() ? nullptr : &*found;
}

std::string Listed(const std::vector<std::string_view>& words) {
  std::string text;
  for (const std::string_view word : words) text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

void ReadNamespaces(ReadContext& context, const YamlNode& node, const std::string& path,
                    KubernetesSource& source) {
  MappingReader reader(context, node, path);
  reader.Bool("own_namespace", source.own_namespace);
  reader.List("names", [&](const YamlNode& item, const std::string& item_path) {
    std::optional<std::string> name = ReadText(context, item, item_path, "a namespace");
    if (!name) return;
    if (!IsNamespaceName(*name)) {
      context.AddError(
          item.place, item_path,
          "expected a namespace (lower-case letters, digits and -), found " + DescribeNode(item));
    }
    auto& names = source.namespaces;
    if (std::find(names.begin(), names.end(), *name) == names.end()) names.push_back(*name);
  });
  reader.Finish();
}

// What it selects is checked by the API server, which knows the syntax best.
void ReadSelector(ReadContext& context, const YamlNode& node, const std::string& path,
                  KubernetesSdConfig& kubernetes) {
  MappingReader reader(context, node, path);
  if (!reader.IsMapping()) return;
  KubernetesSelector selector;
  if (reader.Text("role", selector.role)) {
    const RoleSelectors* role = FindRole(kubernetes.role);
    if (role != nullptr && std::find(role->selectors.begin(), role->selectors.end(),
                                     selector.role) == role->selectors.end()) {
      reader.ValueError("role", "role " + kubernetes.role +
                                    " takes selectors of these roles: " + Listed(role->selectors) +
                                    "; found " + DescribeNode(*reader.Find("role")));
    }
    const auto same_role = [&](const KubernetesSelector& s) { return s.role == selector.role; };
    if (std::any_of(kubernetes.selectors.begin(), kubernetes.selectors.end(), same_role)) {
      reader.ValueError("role", "there is a selector of this role already");
    }
  } else if (!reader.Has("role")) {
    reader.Error("a selector needs role");
  }
  reader.Text("label", selector.label);
  reader.Text("field", selector.field);
  reader.Finish();
  kubernetes.selectors.push_back(std::move(selector));
}

void ReadAttachMetadata(ReadContext& context, const YamlNode& node, const std::string& path,
                        AttachMetadata& attach) {
  MappingReader reader(context, node, path);
  reader.Bool("node", attach.node);
  reader.Bool("namespace", attach.name_space);
  reader.Bool("deployment", attach.deployment);
  reader.Bool("job", attach.job);
  reader.Bool("cronjob", attach.cronjob);
  reader.Finish();
}

// Prometheus' own rules of what goes with what.
void CheckTogether(MappingReader& reader, const KubernetesSource& source) {
  const bool has_server = reader.Has("api_server");
  const bool has_kubeconfig = reader.Has("kubeconfig_file");
  if (has_server && has_kubeconfig) {
    reader.KeyError("kubeconfig_file", "at most one of api_server and kubeconfig_file may be set");
  }
  for (const char* key :
       {"basic_auth", "authorization", "bearer_token", "bearer_token_file", "oauth2", "tls_config",
        "proxy_url", "proxy_from_environment", "http_headers"}) {
    if (reader.IsSet(key) && !has_server) {
      reader.KeyError(key, "takes effect with api_server only; set that as well");
    }
  }
  if (source.own_namespace && (has_server || has_kubeconfig)) {
    reader.KeyError("namespaces",
                    "own_namespace needs the identity of a pod: it goes neither with api_server "
                    "nor with kubeconfig_file");
  }
}

}  // namespace

void ReadKubernetesSource(MappingReader& reader, KubernetesSource& source) {
  if (Url url; reader.HttpUrl("api_server", url)) source.api_server = std::move(url);
  reader.FileName("kubeconfig_file", source.kubeconfig_file);
  if (const YamlNode* namespaces = reader.Find("namespaces")) {
    ReadNamespaces(reader.context(), *namespaces, reader.PathOf("namespaces"), source);
  }
  ReadHttpClient(reader, source.http);
  CheckTogether(reader, source);
}

void ReadKubernetesSd(ReadContext& context, const YamlNode& node, const std::string& path,
                      KubernetesSdConfig& kubernetes) {
  MappingReader reader(context, node, path);
  if (!reader.IsMapping()) return;
  if (reader.Text("role", kubernetes.role)) {
    if (FindRole(kubernetes.role) == nullptr) {
      reader.ValueError("role", "there is no role " + DescribeNode(*reader.Find("role")) +
                                    "; there are: " + std::string(kRoles));
    }
  } else if (!reader.Has("role")) {
    reader.Error("role is missing, one of: " + std::string(kRoles));
  }
  ReadKubernetesSource(reader, kubernetes);
  reader.List("selectors", [&](const YamlNode& item, const std::string& item_path) {
    ReadSelector(context, item, item_path, kubernetes);
  });
  if (const YamlNode* attach = reader.Find("attach_metadata")) {
    ReadAttachMetadata(context, *attach, reader.PathOf("attach_metadata"), kubernetes.attach);
  }
  reader.Finish();
}

}  // namespace limpet
