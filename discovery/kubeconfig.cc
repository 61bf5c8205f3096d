#include "discovery/kubeconfig.h"

#include <yaml-cpp/yaml.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "agent/platform/file_system.h"
#include "discovery/base64.h"

namespace limpet {
namespace {

constexpr size_t kFileBytesMax = 4u << 20;

// Reads the parts of one file. The first error sticks; what is read after it does not matter.
class Reader {
 public:
  explicit Reader(const std::string& path)
      : path_(path), directory_(std::filesystem::path(path).parent_path()) {}

  Result<KubernetesIdentity> Read(const YAML::Node& root) {
    KubernetesIdentity identity;
    if (!root.IsMap()) return Error{path_ + ": expected a mapping"};
    const std::string context_name = Text(root, "current-context", "");
    if (!error_ && context_name.empty()) Fail("current-context is not set");
    const YAML::Node context = Named(root, "contexts", "context", context_name);
    const std::string where = "context \"" + context_name + "\"";
    const std::string cluster_name = Text(context, "cluster", where);
    const YAML::Node cluster = Named(root, "clusters", "cluster", cluster_name);
    ReadCluster(cluster, "cluster \"" + cluster_name + "\"", identity);
    const std::string user_name = Text(context, "user", where);
    // A context without a user is anonymous, as with kubectl.
    if (!user_name.empty()) {
      const YAML::Node user = Named(root, "users", "user", user_name);
      ReadUser(user, "user \"" + user_name + "\"", identity);
    }
    identity.own_namespace = Text(context, "namespace", where);
    if (identity.own_namespace.empty()) identity.own_namespace = "default";
    if (error_) return Error{path_ + ": " + *error_};
    return identity;
  }

 private:
  void Fail(std::string message) {
    if (!error_) error_ = std::move(message);
  }

  // The element of a list of {name: ..., KIND: {...}}.
  YAML::Node Named(const YAML::Node& root, const char* list_key, const char* kind,
                   const std::string& name) {
    if (error_) return {};
    const YAML::Node list = root[list_key];
    if (list && list.IsSequence()) {
      for (const YAML::Node& item : list) {
        if (!item.IsMap() || Text(item, "name", list_key) != name) continue;
        const YAML::Node body = item[kind];
        if (body && body.IsMap()) return body;
        if (body && !body.IsNull()) Fail(std::string(list_key) + ": expected a mapping in " + name);
        return YAML::Node(YAML::NodeType::Map);
      }
    }
    Fail(std::string(kind) + " \"" + name + "\" is not in " + list_key);
    return {};
  }

  std::string Text(const YAML::Node& map, const char* key, const std::string& where) {
    if (error_ || !map.IsMap()) return "";
    const YAML::Node value = map[key];
    if (!value || value.IsNull()) return "";
    if (value.IsScalar()) return value.Scalar();
    Fail(where + ": " + key + ": expected a string");
    return "";
  }

  bool Flag(const YAML::Node& map, const char* key, const std::string& where) {
    const std::string text = Text(map, key, where);
    if (text.empty() || text == "false") return false;
    if (text != "true") Fail(where + ": " + key + ": expected true or false");
    return text == "true";
  }

  std::string FileName(const YAML::Node& map, const char* key, const std::string& where) {
    const std::string name = Text(map, key, where);
    if (name.empty() || name.front() == '/') return name;
    return (directory_ / name).string();
  }

  std::string Base64(const YAML::Node& map, const char* key, const std::string& where) {
    auto decoded = DecodeBase64(Text(map, key, where));
    if (!decoded) Fail(where + ": " + key + ": expected base64");
    return decoded.value_or("");
  }

  void ReadCluster(const YAML::Node& cluster, const std::string& where,
                   KubernetesIdentity& identity) {
    if (error_) return;
    auto url = ParseUrl(Text(cluster, "server", where));
    if (!url) return Fail(where + ": server: " + url.error().message);
    identity.api_server = *url;
    if (!Text(cluster, "proxy-url", where).empty()) Fail(where + ": proxy-url is not supported");
    TlsConfig& tls = identity.http.tls;
    tls.ca = Base64(cluster, "certificate-authority-data", where);
    if (tls.ca.empty()) tls.ca_file = FileName(cluster, "certificate-authority", where);
    tls.insecure_skip_verify = Flag(cluster, "insecure-skip-tls-verify", where);
    tls.server_name = Text(cluster, "tls-server-name", where);
  }

  void ReadUser(const YAML::Node& user, const std::string& where, KubernetesIdentity& identity) {
    if (error_) return;
    for (const char* key : {"exec", "auth-provider"}) {
      if (user[key]) {
        return Fail(where + ": " + key +
                    " is not supported; use a token, a token file or a client certificate");
      }
    }
    TlsConfig& tls = identity.http.tls;
    tls.cert = Base64(user, "client-certificate-data", where);
    if (tls.cert.empty()) tls.cert_file = FileName(user, "client-certificate", where);
    tls.key = Secret(Base64(user, "client-key-data", where));
    if (tls.key.empty()) tls.key_file = FileName(user, "client-key", where);
    // As client-go: a token file goes before a token, and either before a password.
    const std::string token_file = FileName(user, "tokenFile", where);
    const std::string token = Text(user, "token", where);
    const std::string user_name = Text(user, "username", where);
    if (!token_file.empty() || !token.empty()) {
      identity.http.authorization.emplace();
      identity.http.authorization->credentials_file = token_file;
      if (token_file.empty()) identity.http.authorization->credentials = Secret(token);
    } else if (!user_name.empty()) {
      identity.http.basic_auth.emplace();
      identity.http.basic_auth->username = user_name;
      identity.http.basic_auth->password = Secret(Text(user, "password", where));
    }
  }

  const std::string& path_;
  std::filesystem::path directory_;
  std::optional<std::string> error_;
};

}  // namespace

Result<KubernetesIdentity> ParseKubeconfig(const std::string& text, const std::string& path) {
  try {
    return Reader(path).Read(YAML::Load(text));
  } catch (const YAML::Exception& e) {
    // Its message may quote the text, and with that a secret; the place is enough.
    const std::string place = e.mark.is_null() ? ""
                                               : ":" + std::to_string(e.mark.line + 1) + ":" +
                                                     std::to_string(e.mark.column + 1);
    return Error{path + place + ": not valid YAML"};
  }
}

Result<KubernetesIdentity> LoadKubeconfig(const std::string& path) {
  auto text = ReadWholeFile(path, kFileBytesMax);
  if (!text) return text.error();
  return ParseKubeconfig(*text, path);
}

}  // namespace limpet
