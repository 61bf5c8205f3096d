#!/bin/bash
# Builds kube-apiserver (1.20.2) from the source package `kubernetes` of Debian 12, with Debian's Go.
# usage: build-kube-apiserver.sh [DIR]    the binary goes to DIR/kube-apiserver (default: ~/.cache/limpet/envtest)
# Does nothing where it is there already; otherwise about 4 minutes on 2 cores and 3 GB below $TMPDIR for
# that long. The machine's own list of package sources is not changed.
# One library of its vendored tree is replaced by Debian's, which is newer: with the Go of today the old
# one crashes on the first custom resource.
set -euo pipefail
out=${1:-${LIMPET_CACHE:-$HOME/.cache/limpet}/envtest}
[ ! -x "$out/kube-apiserver" ] || [ ! -e "$out/custom-resources" ] || exit 0
top=$(cd "$(dirname "$0")/../.." && pwd)
"$top/agent/install-packages.sh" golang-go dpkg-dev ca-certificates golang-github-modern-go-reflect2-dev

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
chmod 755 "$work"
quietly() { "$@" >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; echo "build-kube-apiserver.sh: $1 failed" >&2; exit 1; }; }

# A list of source packages of our own, from the mirrors that the machine's binary packages come from.
mkdir -p "$work/lists/partial"
apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' | sort -u |
  awk '/debian/ { print "deb-src", $1, $2, "main" }' >"$work/sources.list"
apt=(apt-get -q -o APT::Sandbox::User=root -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null
     -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work")
cd "$work"
quietly "${apt[@]}" update
quietly "${apt[@]}" source --download-only kubernetes
# The vendored tree is older than Go's rules for modules, so it is built the GOPATH way.
tree=$work/go/src/k8s.io/kubernetes
mkdir -p "$(dirname "$tree")"
quietly dpkg-source --extract kubernetes_*.dsc "$tree"
rm -rf "$tree/vendor/github.com/modern-go/reflect2"
cp -r /usr/share/gocode/src/github.com/modern-go/reflect2 "$tree/vendor/github.com/modern-go/"
export GO111MODULE=off GOPATH=$work/go GOCACHE=$work/gocache GOFLAGS=
cd "$tree"

# The package leaves out one generated file, the OpenAPI definitions: generate it from the tagged folders.
quietly go build -o "$work/openapi-gen" k8s.io/kubernetes/vendor/k8s.io/kube-openapi/cmd/openapi-gen
tagged=$(grep -rl --include='*.go' '+k8s:openapi-gen=' pkg staging/src |
  grep -vE '_test\.go$|sample-apiserver|_examples|code-generator|testdata|/vendor/' | xargs -n 1 dirname | sort -u |
  sed -e 's#^staging/src/#k8s.io/kubernetes/vendor/#' -e 's#^pkg/#k8s.io/kubernetes/pkg/#' -e 's#^pkg$#k8s.io/kubernetes/pkg#' | paste -sd,)
quietly "$work/openapi-gen" --logtostderr --input-dirs "$tagged" --output-package k8s.io/kubernetes/pkg/generated/openapi \
  --output-file-base zz_generated.openapi --go-header-file hack/boilerplate/boilerplate.generatego.txt \
  --report-filename "$work/violations"
quietly go build -o "$work/kube-apiserver" k8s.io/kubernetes/cmd/kube-apiserver

mkdir -p "$out"
cp "$work/kube-apiserver" "$out/kube-apiserver.new"
mv "$out/kube-apiserver.new" "$out/kube-apiserver"  # whole or not at all
touch "$out/custom-resources"
