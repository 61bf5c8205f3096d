// A configuration with every key that limpet takes, for tests.
#ifndef LIMPET_TESTS_CONFIG_FULL_CONFIG_H_
#define LIMPET_TESTS_CONFIG_FULL_CONFIG_H_

#include <string_view>

namespace limpet {

inline constexpr std::string_view kFullConfig = R"yaml(
# Everything at once.
global:
  scrape_interval: 30s
  scrape_timeout: 8s
  evaluation_interval: 30s
  external_labels:
    cluster: prod-1
    replica: 0
scrape_config_files:
  - jobs/*.yml
  - /etc/limpet/one.yml
scrape_configs:
  - job_name: pods
    scrape_interval: 15s
    scrape_timeout: 5s
    metrics_path: /stats/prometheus
    scheme: https
    params:
      format: [prometheus]
      "match[]":
        - up
        - '{job="x"}'
    honor_labels: true
    honor_timestamps: false
    sample_limit: 50000
    body_size_limit: 64MB
    basic_auth:
      username: scraper
      password: "pass word"
    tls_config:
      ca: |
        -----BEGIN CERTIFICATE-----
        AAAA
        -----END CERTIFICATE-----
      cert_file: /etc/limpet/cert.pem
      key: "-----BEGIN PRIVATE KEY-----\n"
      server_name: pods.internal
      insecure_skip_verify: true
      min_version: TLS12
      max_version: TLS13
    proxy_url: http://me:pass%20word@proxy.internal:3128
    no_proxy: .svc,10.0.0.0/8
    proxy_connect_header:
      X-Proxy-Key: [k1, k2]
    follow_redirects: false
    enable_http2: false
    http_headers:
      X-Scope:
        values: [a]
        secrets: [b, c]
        files: [/etc/limpet/scope]
    kubernetes_sd_configs:
      - role: pod
        api_server: https://10.0.0.1:6443
        bearer_token_file: /var/run/token
        tls_config:
          ca_file: /var/run/ca.crt
        namespaces:
          names: [default, web-1]
        selectors:
          - role: pod
            label: app in (a,b),!canary
            field: spec.nodeName=n1
      - role: endpointslice
        namespaces:
          own_namespace: true
        selectors: [{role: service, label: a=b}, {role: pod, label: c=d}]
        attach_metadata: {node: true, namespace: true, deployment: true, job: true, cronjob: true}
    relabel_configs:
      - source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape]
        action: keep
        regex: true
      - source_labels:
          - __address__
          - __meta_kubernetes_pod_annotation_prometheus_io_port
        regex: ([^:]+)(?::\d+)?;(\d+)
        replacement: $1:$2
        target_label: __address__
      - source_labels: [__address__]
        separator: "|"
        modulus: 4
        target_label: __tmp_shard
        action: hashmod
      - action: labelmap
        regex: __meta_kubernetes_pod_label_(.+)
    metric_relabel_configs:
      - source_labels: [__name__]
        regex: go_.*
        action: drop
      - action: labeldrop
        regex: pod_template_hash
  - job_name: static
    authorization:
      credentials: abc.def
    file_sd_configs:
      - files: [/etc/limpet/targets/*.json, more.yml]
        refresh_interval: 1m
      - files: ["a[0-9].YAML"]
    http_sd_configs:
      - url: https://cmdb.internal/targets?zone=a
        refresh_interval: 30s
        authorization:
          credentials_file: /etc/limpet/cmdb
        tls_config:
          ca_file: /etc/limpet/ca.pem
      - url: http://localhost
    static_configs:
      - targets: ["10.0.0.1:9100", "[::1]:9100", node]
        labels:
          rack: r1
      - targets:
          - 10.0.0.2:9100
remote_write:
  - url: https://vm.example:8427/api/v1/write?tenant=a
    name: main
    remote_timeout: 10s
    headers:
      X-Scope-OrgID: team-a
      x-empty: ""
    authorization:
      type: Token
      credentials_file: /etc/limpet/token
    tls_config:
      ca_file: /etc/limpet/ca.pem
    write_relabel_configs:
      - action: keep
    protobuf_message: prometheus.WriteRequest
    send_exemplars: true
    send_native_histograms: true
    start_at: oldest
    queue_config:
      min_shards: 2
      max_shards: 8
      max_samples_per_send: 2000
      max_bytes_per_send: 1MiB
      batch_send_deadline: 5s
      min_backoff: 30ms
      max_backoff: 1m
      sample_age_limit: 2h
      retry_on_http_429: true
  - url: http://localhost:8428/write
    name: second
    oauth2:
      client_id: limpet
      client_secret_file: /etc/limpet/second
      scopes: [write, metrics]
      token_url: https://id.example/token
      endpoint_params:
        audience: vm
      tls_config:
        ca_file: /etc/limpet/ca.pem
      proxy_from_environment: true
storage:
  max_bytes: 1GiB
  max_age: 1d
  sync_interval: 500ms
)yaml";

}  // namespace limpet

#endif  // LIMPET_TESTS_CONFIG_FULL_CONFIG_H_
