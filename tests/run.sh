#!/bin/bash
# Sets up, builds and runs every test: on a bare Debian 12, as root or with sudo, one command.
# usage: tests/run.sh [--asan] [--long] [-R PATTERN]...    what else there is goes to ctest as it stands
#        tests/run.sh --fuzz [SECONDS] [NAME]...    the fuzzers alone, or those of them, SECONDS each (default 60)
#        tests/run.sh --tidy              clang-tidy over the product alone
#   --asan   also builds with address and undefined-behaviour sanitizers, and runs the unit tests so
#   --long   the drills of tests/crash and tests/e2e with many more rounds and pods
#   -R       only the tests whose name matches, e.g. -R 'queue:' or -R 'e2e: pods'
# The first run brings the real servers that tests run against (tests/parts.sh); kube-apiserver is built
# from source then, which takes 4 minutes, once. Ends with ctest's closing lines, and its exit code.
set -euo pipefail
cd "$(dirname "$0")/.."

asan=no only=all fuzz_seconds=60 fuzzers=()
ctest_args=()
while [ $# -gt 0 ]; do
  case $1 in
    -h|--help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0 ;;
    --fuzz) only=fuzz; shift; if [[ ${1:-} =~ ^[0-9]+$ ]]; then fuzz_seconds=$1; shift; fi; fuzzers=("$@"); shift $# ;;
    --tidy) only=tidy; shift ;;
    --asan) asan=yes; shift ;;
    --long) export LIMPET_LONG=1; shift ;;
    *) ctest_args+=("$1"); shift ;;
  esac
done
step() { echo "== $*"; }

step "packages"
agent/install-packages.sh -f agent/build-packages.txt python3 openssl ca-certificates
if [ $only = fuzz ]; then
  agent/install-packages.sh clang-14 libclang-rt-14-dev
  step "fuzzers"
  cmake --preset fuzz >/dev/null
  [ ${#fuzzers[@]} -gt 0 ] || mapfile -t fuzzers < <(cd tests/fuzz && printf '%s\n' *_fuzz.cc | sed 's/\.cc$//')
  cmake --build --preset fuzz --target "${fuzzers[@]}"
  # what one finds worth keeping stays in its corpus, a crash beside it
  fuzz() {
    mkdir -p "build/fuzz/corpus/$1"
    local words=(); [ ! -f "tests/fuzz/$1.dict" ] || words=("-dict=tests/fuzz/$1.dict")
    "build/fuzz/bin/$1" "${words[@]}" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 -print_final_stats=0 -verbosity=0 \
      -artifact_prefix="build/fuzz/$1-" "build/fuzz/corpus/$1" && echo "$1: $2 s without a finding"
  }
  export -f fuzz
  printf '%s\n' "${fuzzers[@]}" | xargs -P "$((2 * $(nproc)))" -I{} bash -c 'fuzz {} '"$fuzz_seconds"
  exit 0
fi
if [ $only = tidy ]; then
  agent/install-packages.sh clang-tidy
  step "clang-tidy"
  cmake --preset release -DCMAKE_EXPORT_COMPILE_COMMANDS=ON >/dev/null
  git ls-files 'agent/*.cc' 'discovery/*.cc' 'queue/*.cc' |
    xargs -P "$(nproc)" -n 4 clang-tidy -p build/release --quiet
  exit 0
fi
command -v npm >/dev/null || agent/install-packages.sh nodejs npm
step "real servers"
tests/parts.sh victoria-metrics prometheus promtool node_exporter nginx etcd kubectl helm kube-apiserver

step "build"
cmake --preset release >/dev/null
cmake --build --preset release
# two a core: the tests on real servers mostly wait
run_ctest() { ctest --output-on-failure -j "$((2 * $(nproc)))" "$@" "${ctest_args[@]}"; }

if [ $asan = yes ]; then
  step "unit tests under sanitizers"
  cmake --preset asan >/dev/null
  cmake --build --preset asan --target unit_tests
  run_ctest --test-dir build/asan --no-tests=ignore -LE '^(integration|e2e|crash)$'
fi

step "tests"
run_ctest --test-dir build/release --no-tests=error
