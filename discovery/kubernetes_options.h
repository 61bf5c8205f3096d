// Where limpet runs and how patient its Kubernetes watches are: what tests replace.
//
// Who calls it: main uses FromProcess (the default argument of Discovery), tests fill in their own.
#ifndef LIMPET_DISCOVERY_KUBERNETES_OPTIONS_H_
#define LIMPET_DISCOVERY_KUBERNETES_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "agent/platform/clock.h"

namespace limpet {

// What the kubelet gives a container, and KUBECONFIG for use outside of a cluster.
struct KubernetesEnvironment {
  std::string service_host;  // KUBERNETES_SERVICE_HOST
  std::string service_port;  // KUBERNETES_SERVICE_PORT
  std::string kubeconfig;    // KUBECONFIG
  std::string service_account_directory = "/var/run/secrets/kubernetes.io/serviceaccount";
  static KubernetesEnvironment FromProcess();
};

struct KubernetesWatchOptions {
  Millis backoff_min{250};
  Millis backoff_max{30'000};
  Millis retry_after_max{300'000};  // a longer Retry-After is cut to this
  Millis list_deadline{60'000};     // for each page, and for a WATCH to be answered
  Millis watch_timeout_min{300'000};
  Millis watch_timeout_max{600'000};
  // How much longer than its timeoutSeconds a watch may last before it counts as stuck.
  Millis watch_grace{30'000};
  // A server that has sent a bookmark sends one about every minute; this much silence is then a
  // sign of a dead connection.
  Millis watch_silence_max{180'000};
  // A streaming list is given up for a plain one when nothing comes for this long.
  Millis streaming_silence_max{10'000};
  // For how long a server that knows no streaming lists is asked for plain ones.
  Millis streaming_refused_for{3'600'000};
  bool streaming_lists = true;
  uint32_t page_objects = 500;
  // An object has at most about 1.5 MiB in etcd.
  size_t object_bytes_max = 2u << 20;
  uint64_t page_bytes_max = 64u << 20;
};

struct KubernetesOptions {
  KubernetesEnvironment environment;
  KubernetesWatchOptions watch;
  static KubernetesOptions FromProcess() { return {KubernetesEnvironment::FromProcess(), {}}; }
};

}  // namespace limpet

#endif  // LIMPET_DISCOVERY_KUBERNETES_OPTIONS_H_
