#!/bin/bash
# limpet at work, with one command on a bare Debian 12: installs what is missing, builds, runs the main job.
# usage: agent/quickstart.sh [--once] [--timeout SECONDS]
#   --once      end with 0 once samples of every pod have arrived at the receiver; otherwise with 1 and the reason
#   --timeout   how long --once waits (default 60)
# Without a cluster: a stand-in for the Kubernetes API with three node_exporter processes as its pods, and a
# VictoriaMetrics as receiver, all on loopback. From the environment:
#   KUBECONFIG               a cluster instead: its pods labelled app.kubernetes.io/name=$LIMPET_APP (default api),
#                            of $LIMPET_NAMESPACE where set, scraped from here
#   LIMPET_REMOTE_WRITE_URL  a receiver instead of the local VictoriaMetrics
# Stops with Ctrl-C or SIGTERM, and leaves nothing running.
set -euo pipefail
case " $* " in *" -h "*|*" --help "*) sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
cd "$(dirname "$0")/.."

echo "== installing what is missing"
agent/install-packages.sh -f agent/build-packages.txt python3 ca-certificates
parts=()
[ -n "${KUBECONFIG:-}" ] || parts+=(node_exporter)
[ -n "${LIMPET_REMOTE_WRITE_URL:-}" ] || parts+=(victoria-metrics)
[ ${#parts[@]} -eq 0 ] || tests/parts.sh "${parts[@]}" >/dev/null

echo "== building (a few minutes the first time)"
log=$(mktemp)
# in a process group of its own, which a signal here then ends as a whole
setsid bash -c 'cmake --preset release && cmake --build --preset release --target limpet' >"$log" 2>&1 &
build=$!
trap 'kill -TERM -- "-$build"; rm -f "$log"; exit 143' INT TERM
wait "$build" || { tail -n 40 "$log"; rm -f "$log"; exit 1; }
trap - INT TERM
rm -f "$log"

exec python3 -u -B agent/quickstart.py "$@"
