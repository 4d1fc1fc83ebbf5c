#!/usr/bin/env bash
# Installs the Debian packages that Octet needs, and those named as arguments, where they are missing. Safe to run again;
# silent when nothing is missing.
set -euo pipefail

packages=(
  g++ cmake ninja-build
  libyaml-cpp-dev libfmt-dev nlohmann-json3-dev libcli11-dev libpcre2-dev libutf8proc-dev libdnnl-dev libeigen3-dev
  libgtest-dev libgmock-dev librapidcheck-dev libboost-context-dev libbenchmark-dev
  bible-kjv python3
  "$@"
)
# gnuplot-nox conflicts with the variants that open windows; any of them will do.
command -v gnuplot >/dev/null || packages=(gnuplot-nox "${packages[@]}")

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "error: as root, run: apt-get install ${missing[*]}" >&2; exit 1; }
  root=(sudo)
fi
echo "Installing ${missing[*]}"
"${root[@]}" apt-get update -qq
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
