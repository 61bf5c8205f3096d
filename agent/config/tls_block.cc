#include <algorithm>
#include <iterator>

#include "agent/config/http_client_parts.h"

namespace limpet {

namespace {

constexpr const char* kLeastVersion = "TLS12";  // as Go has it

// False after an error; their names are in the order of the versions.
bool ReadTlsVersion(MappingReader& reader, std::string_view key, std::string& version) {
  if (!reader.Text(key, version)) return !reader.Has(key);
  constexpr std::string_view kVersions[] = {"TLS10", "TLS11", "TLS12", "TLS13"};
  if (std::find(std::begin(kVersions), std::end(kVersions), version) != std::end(kVersions)) {
    return true;
  }
  reader.ValueError(
      key, "expected TLS10, TLS11, TLS12 or TLS13, found " + DescribeNode(*reader.Find(key)));
  return false;
}

}  // namespace

void ReadTls(ReadContext& context, const YamlNode& node, const std::string& path, TlsConfig& tls) {
  MappingReader reader(context, node, path);
  reader.Text("ca", tls.ca);
  reader.FileName("ca_file", tls.ca_file);
  reader.Text("cert", tls.cert);
  reader.FileName("cert_file", tls.cert_file);
  reader.SecretText("key", tls.key);
  reader.FileName("key_file", tls.key_file);
  reader.Text("server_name", tls.server_name);
  reader.Bool("insecure_skip_verify", tls.insecure_skip_verify);
  const bool versions_ok = ReadTlsVersion(reader, "min_version", tls.min_version) &&
                           ReadTlsVersion(reader, "max_version", tls.max_version);
  const std::string least = tls.min_version.empty() ? kLeastVersion : tls.min_version;
  if (versions_ok && !tls.max_version.empty() && tls.max_version < least) {
    reader.ValueError("max_version", "must not be less than min_version (" + least + ")");
  }
  AtMostOne(reader, "ca", "ca_file");
  AtMostOne(reader, "cert", "cert_file");
  AtMostOne(reader, "key", "key_file");
  const bool has_cert = reader.IsSet("cert") || reader.IsSet("cert_file");
  const bool has_key = reader.IsSet("key") || reader.IsSet("key_file");
  if (has_cert && !has_key) reader.Error("a client certificate needs key or key_file");
  if (has_key && !has_cert) reader.Error("a client key needs cert or cert_file");
  for (const char* key : {"ca_ref", "cert_ref", "key_ref"}) {
    reader.NotSupported(key);
  }
  reader.Finish();
}

}  // namespace limpet
