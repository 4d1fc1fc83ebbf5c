#!/usr/bin/env bash
# Unpacks the libraries that Octet and its GPU tests need into gpu-deps/, for a machine with a GPU where nothing can be installed:
# scripts/gpu_check.sh finds them there. Run on Debian or Ubuntu; downloads, installs nothing. Usage: scripts/gpu_bundle.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(realpath -m "${1:-gpu-deps}")

packages=(libfmt-dev libyaml-cpp-dev nlohmann-json3-dev libcli11-dev libpcre2-dev libutf8proc-dev libgtest-dev libgmock-dev)
# What their libraries load at run time, whose names hold a version: libfmt9, libyaml-cpp0.7, libpcre2-8-0, libutf8proc2.
mapfile -t loaded < <(apt-cache depends "${packages[@]}" | awk '/Depends: lib(fmt|yaml-cpp|pcre2-8-?|utf8proc)[0-9]/ { print $2 }' | sort -u)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && apt-get -qq -o APT::Sandbox::User=root download "${packages[@]}" "${loaded[@]}")
rm -rf "$folder"
mkdir -p "$folder"
for package in "$work"/*.deb; do
  dpkg -x "$package" "$folder"
done
rm -rf "$folder"/usr/{bin,src} "$folder"/usr/share/{doc,man,lintian,bug}
find "$folder" \( -name 'libpcre2-16*' -o -name 'libpcre2-32*' -o -name 'libpcre2-posix*' \) -delete

mebibytes=$(du -sm "$folder" | cut -f1)
echo "gpu_bundle: $mebibytes MiB in $folder from ${packages[*]} ${loaded[*]}"
[ "$mebibytes" -lt 60 ] || { echo "error: expected less than 60 MiB, got $mebibytes" >&2; exit 1; }
