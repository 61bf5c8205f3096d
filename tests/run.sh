#!/bin/bash
# Sets up, builds and runs every test: on a bare Debian 12, as root or with sudo, one command.
# usage: tests/run.sh [--asan] [--long] [-R PATTERN]...    what else there is goes to ctest as it stands
#   --asan   also builds with address and undefined-behaviour sanitizers, and runs the unit tests so
#   --long   the drills of tests/crash with many more rounds
#   -R       only the tests whose name matches, e.g. -R 'queue:' or -R 'e2e: pods'
# The first run brings the real servers that tests run against (tests/parts.sh); kube-apiserver is built
# from source then, which takes 4 minutes, once. Ends with ctest's closing lines, and its exit code.
set -euo pipefail
cd "$(dirname "$0")/.."

asan=no
ctest_args=()
while [ $# -gt 0 ]; do
  case $1 in
    -h|--help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    --asan) asan=yes; shift ;;
    --long) export LIMPET_LONG=1; shift ;;
    *) ctest_args+=("$1"); shift ;;
  esac
done
step() { echo "== $*"; }

step "packages"
agent/install-packages.sh -f agent/build-packages.txt python3 openssl ca-certificates
command -v npm >/dev/null || agent/install-packages.sh nodejs npm
step "real servers"
tests/parts.sh victoria-metrics prometheus promtool node_exporter nginx etcd kubectl helm kube-apiserver

step "build"
cmake --preset release >/dev/null
cmake --build --preset release
run_ctest() { ctest --output-on-failure -j "$(nproc)" "$@" "${ctest_args[@]}"; }

if [ $asan = yes ]; then
  step "unit tests under sanitizers"
  cmake --preset asan >/dev/null
  cmake --build --preset asan
  run_ctest --test-dir build/asan --no-tests=ignore -LE '^(integration|e2e|crash)$'
fi

step "tests"
run_ctest --test-dir build/release --no-tests=error
