#include "discovery/monitor_client.h"

namespace limpet {
namespace {

void SetBasicAuth(MonitorJob& job, YamlNode& mapping, const MonitorField& from) {
  if (!from.IsSet()) return;
  YamlNode& basic = job.tree().Mapping(from.path());
  job.tree().Set(basic, "username", job.SecretKey(from.At("username")));
  job.tree().Set(basic, "password", job.SecretKey(from.At("password")));
  job.tree().Set(mapping, "basic_auth", basic);
}

void SetAuthorization(MonitorJob& job, YamlNode& mapping, const MonitorField& from) {
  if (!from.IsFilled()) return;
  YamlNode& authorization = job.tree().Mapping(from.path());
  job.Set(authorization, "type", from.At("type"));
  const MonitorField credentials = from.At("credentials");
  if (credentials.IsSet()) {
    job.tree().Set(authorization, "credentials", job.SecretKey(credentials));
  }
  job.tree().Set(mapping, "authorization", authorization);
}

void SetTls(MonitorJob& job, YamlNode& mapping, const MonitorField& from) {
  if (!from.IsFilled()) return;
  YamlNode& tls = job.tree().Mapping(from.path());
  if (from.At("ca").IsFilled()) job.tree().Set(tls, "ca", job.SecretOrConfigMapKey(from.At("ca")));
  if (from.At("cert").IsFilled()) {
    job.tree().Set(tls, "cert", job.SecretOrConfigMapKey(from.At("cert")));
  }
  if (from.At("keySecret").IsFilled()) {
    job.tree().Set(tls, "key", job.SecretKey(from.At("keySecret")));
  }
  SetFile(job, tls, "ca_file", from.At("caFile"));
  SetFile(job, tls, "cert_file", from.At("certFile"));
  SetFile(job, tls, "key_file", from.At("keyFile"));
  job.Set(tls, "server_name", from.At("serverName"));
  job.Set(tls, "insecure_skip_verify", from.At("insecureSkipVerify"));
  job.Set(tls, "min_version", from.At("minVersion"));
  job.Set(tls, "max_version", from.At("maxVersion"));
  job.tree().Set(mapping, "tls_config", tls);
}

void SetOAuth2(MonitorJob& job, YamlNode& mapping, const MonitorField& from) {
  if (!from.IsSet()) return;
  YamlNode& oauth2 = job.tree().Mapping(from.path());
  job.tree().Set(oauth2, "client_id", job.SecretOrConfigMapKey(from.At("clientId")));
  job.tree().Set(oauth2, "client_secret", job.SecretKey(from.At("clientSecret")));
  job.Set(oauth2, "token_url", from.At("tokenUrl"));
  job.Set(oauth2, "scopes", from.At("scopes"));
  job.Set(oauth2, "endpoint_params", from.At("endpointParams"));
  SetTls(job, oauth2, from.At("tlsConfig"));
  SetProxy(job, oauth2, from);
  job.tree().Set(mapping, "oauth2", oauth2);
}

}  // namespace

void SetFile(MonitorJob& job, YamlNode& mapping, std::string_view key, const MonitorField& file) {
  if (!file.IsFilled()) return;
  if (!job.input().settings.allow_files) {
    return job.Error(file, "files are not allowed (allow_files in kubernetes_monitors)");
  }
  job.Set(mapping, key, file);
}

void SetProxy(MonitorJob& job, YamlNode& mapping, const MonitorField& from) {
  job.Set(mapping, "proxy_url", from.At("proxyUrl"));
  job.Set(mapping, "no_proxy", from.At("noProxy"));
  job.Set(mapping, "proxy_from_environment", from.At("proxyFromEnvironment"));
  const MonitorField headers = from.At("proxyConnectHeader");
  if (!headers.IsFilled()) return;
  YamlNode& connect_headers = job.tree().Mapping(headers.path());
  for (const auto& [name, selectors] : headers.Members()) {
    YamlNode& values = job.tree().List(selectors.path());
    for (const MonitorField& selector : selectors.Items()) {
      job.tree().Append(values, job.SecretKey(selector));
    }
    job.tree().Set(connect_headers, name, values);
  }
  job.tree().Set(mapping, "proxy_connect_header", connect_headers);
}

void SetHttpClient(MonitorJob& job, YamlNode& mapping, const MonitorField& from) {
  SetBasicAuth(job, mapping, from.At("basicAuth"));
  SetAuthorization(job, mapping, from.At("authorization"));
  SetOAuth2(job, mapping, from.At("oauth2"));
  SetTls(job, mapping, from.At("tlsConfig"));
  SetFile(job, mapping, "bearer_token_file", from.At("bearerTokenFile"));
  // Old manifests have one that names nothing.
  const MonitorField token = from.At("bearerTokenSecret");
  if (!token.At("name").text().empty()) {
    job.tree().Set(mapping, "bearer_token", job.SecretKey(token));
  }
  SetProxy(job, mapping, from);
  job.Set(mapping, "follow_redirects", from.At("followRedirects"));
  // Of ServiceMonitor and PodMonitor; ScrapeConfig has another spelling.
  job.Set(mapping, "enable_http2",
          from.At("enableHttp2").IsSet() ? from.At("enableHttp2") : from.At("enableHTTP2"));
}

}  // namespace limpet
