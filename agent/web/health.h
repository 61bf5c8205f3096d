// Whether limpet does its job: /health for people and monitors, readiness for Kubernetes.
//
// Who calls it: the routes; the loop's thread. Made from status values alone, so it answers at
// once, whatever the state of the API server, the disk or a receiver.
//
// A check is "ok", "degraded" (works, with something to know) or "failing". All together it is
// - "failing" only where the log cannot be used at all: then what is scraped has nowhere to go;
// - "degraded" where any check is not ok;
// - "ok" otherwise.
// The HTTP status is 503 for "failing" and 200 otherwise: /health may serve as a liveness probe,
// and a restart mends neither a receiver nor an API server that is down, nor a full disk.
//
//   {"status":"degraded","version":"0.1.0","checks":{
//     "config":{"status":"ok","latency_ms":0,"last_success":"2026-01-01T00:00:00.000Z"},
//     "kubernetes":{"status":"ok","latency_ms":12,"watches":[{"status":"ok","latency_ms":12,
//       "role":"pod","namespace":"web","api_server":"https://10.0.0.1","objects":50}]},
//     "file_sd":[{"status":"degraded","latency_ms":0,"files":"/etc/sd/*.json","targets":3,
//       "last_success":"...","error":"/etc/sd/a.json:3:7: ..."}],
//     "http_sd":[{"status":"ok","latency_ms":20,"url":"https://cmdb/targets","targets":7}],
//     "leader_election":{"status":"ok","latency_ms":4,"active":false,"identity":"limpet-b",
//       "holder":"limpet-a","lease":"limpet","namespace":"monitoring",
//       "api_server":"https://10.0.0.1","transitions":2,"last_renewal":"..."},
//     "shard":{"status":"ok","latency_ms":0,"shard":0,"shards":3,"targets_other_shards":200},
//     "log":{"status":"ok","latency_ms":0.2,"bytes":1024,"segments":1,"samples_lost":0},
//     "memory":{"status":"ok","latency_ms":0,"level":"normal","used_bytes":20971520,
//       "limit_bytes":134217728,"limit_from":"/sys/fs/cgroup/memory.max"},
//     "receivers":{"main":{"status":"failing","latency_ms":3,"url":"http://vm:8428/api/v1/write",
//       "lag_seconds":61.2,"backlog_bytes":90210,"last_success":"...","error":"503"}}}}
#ifndef LIMPET_AGENT_WEB_HEALTH_H_
#define LIMPET_AGENT_WEB_HEALTH_H_

#include <string>

#include "agent/platform/http_server.h"
#include "agent/web/sources.h"

namespace limpet {

HttpServerResponse HealthResponse(const WebSources& sources);

// Readiness: the log is open, and every discovery has listed. The latter is asked once only: when a
// reload adds a discovery that cannot list, limpet still serves the others, and taking its pages
// out of their Service would hide just what is to be seen.
class Readiness {
 public:
  // What is missing, a line each; empty: ready.
  std::string Missing(const WebSources& sources);

 private:
  bool listed_once_ = false;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_WEB_HEALTH_H_
