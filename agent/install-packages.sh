#!/bin/bash
# Installs the Debian packages that are missing, and does nothing (not even apt-get update) where none is.
# usage: install-packages.sh [-f FILE]... [PACKAGE]...    FILE: one package a line, # begins a comment
# As root or with sudo; on a bare Debian 12 as well as on a full one.
set -euo pipefail

packages=()
while [ $# -gt 0 ]; do
  case $1 in
    -f) mapfile -t -O "${#packages[@]}" packages < <(sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' "$2"); shift 2 ;;
    -h|--help) sed -n '2,4s/^# //p' "$0"; exit 0 ;;
    *) packages+=("$1"); shift ;;
  esac
done
[ ${#packages[@]} -gt 0 ] || exit 0

# dpkg-query fails for a package it never heard of; that one is then missing from its answer, too
installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null | sed -n 's/^installed //p' || true)
missing=()
for package in "${packages[@]}"; do
  grep -qxF -- "$package" <<<"$installed" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "install-packages.sh: missing ${missing[*]}; run this as root, or install sudo" >&2; exit 1; }
  root=(sudo)
fi
apt() { "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@"; }
log=$(mktemp); trap 'rm -f "$log"' EXIT
echo "installing ${missing[*]}" >&2
if ! { apt update && apt install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "install-packages.sh: apt-get could not install ${missing[*]}" >&2
  exit 1
fi
