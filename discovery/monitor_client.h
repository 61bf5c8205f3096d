// The client settings of monitor objects: basicAuth, authorization, oauth2, tlsConfig, the bearer
// tokens, the proxy.
//
// Who calls it: the translators of the kinds, on the loop's thread.
// Credentials come from Secrets and ConfigMaps of the object's namespace. Files are those of
// limpet's own pod, its service account's token among them: allow_files says whether whoever may
// write an object may have them sent to where he likes.
#ifndef LIMPET_DISCOVERY_MONITOR_CLIENT_H_
#define LIMPET_DISCOVERY_MONITOR_CLIENT_H_

#include "discovery/monitor_job.h"

namespace limpet {

// Those that `from` has, into a mapping with Prometheus' keys.
void SetHttpClient(MonitorJob& job, YamlNode& mapping, const MonitorField& from);
// proxyUrl and what goes with it, which of a Probe stand elsewhere.
void SetProxy(MonitorJob& job, YamlNode& mapping, const MonitorField& from);
// A file or list of files under that key, if files are allowed.
void SetFile(MonitorJob& job, YamlNode& mapping, std::string_view key, const MonitorField& file);

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_MONITOR_CLIENT_H_
