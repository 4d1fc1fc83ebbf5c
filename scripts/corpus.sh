#!/usr/bin/env bash
# Makes the texts that the configs name, from Debian packages:
#
#     scripts/corpus.sh kjv       data/kjv.txt      King James Bible, from the package bible-kjv (must be installed)
#     scripts/corpus.sh austen    data/austen.txt   six novels of Jane Austen, from r-cran-janeaustenr (fetched with
#                                                   apt-get download, not installed; needs no R)
#
# Without an argument: kjv. Installs nothing. Each text is checked against its SHA-256 and appears under its name only
# when it is right; one that is there already and right is left alone.
set -euo pipefail

kjv_sha256=b5c4940bcfeee072c0935b5200d0f9d88a00a0199cb0961d16133458fcdfae5d
austen_sha256=65b434d16a8755142bfa95ba19c5f9abd0d30cf3dffe3b6793e834f9f56dcc96

data=$(cd "$(dirname "$0")/.." && pwd)/data

die() {
  echo "scripts/corpus.sh: $1" >&2
  exit "$2"
}

sha256() { sha256sum "$1" | cut -d ' ' -f 1; }

# already_there FILE SHA256: says so and succeeds if the file is there and right.
already_there() {
  [ -f "$1" ] && [ "$(sha256 "$1")" = "$2" ] && echo "$1 is there already"
}

# publish TEMPORARY FILE SHA256
publish() {
  local found
  found=$(sha256 "$1")
  [ "$found" = "$3" ] ||
    die "$2: the text has sha256 $found, expected $3; has the package another version?" 3
  sync "$1"
  mv "$1" "$2"
  echo "$2: $(stat -c %s "$2") bytes"
}

# One verse a line, without its reference.
make_kjv() {
  local bible
  already_there "$data/kjv.txt" $kjv_sha256 && return
  bible=$(PATH=$PATH:/usr/games command -v bible) ||
    die "the program 'bible' is not installed: apt-get install bible-kjv" 4
  "$bible" -f gen1:1-rev22:21 | sed 's/^[^ ]* //' >"$work/kjv.txt"
  publish "$work/kjv.txt" "$data/kjv.txt" $kjv_sha256
}

# Prints the lines of one R object on standard input: the "X" serialization (big-endian) of a vector of strings.
# Header: "X\n", three 4-byte versions, the length and name of the encoding; then type 16 and the number of strings;
# each string is 4 bytes of flags, its length and its bytes.
print_r_strings() {
  perl -e '
    binmode STDIN; binmode STDOUT; local $/; my $bytes = <STDIN>;
    my $at = 2 + 12;
    $at += 4 + unpack("N", substr($bytes, $at, 4));
    my ($type, $count) = unpack("NN", substr($bytes, $at, 8)); $at += 8;
    ($type & 255) == 16 or die "expected a vector of strings, got type $type\n";
    for (1 .. $count) {
      my $length = unpack("N", substr($bytes, $at + 4, 4));
      print substr($bytes, $at + 8, $length), "\n";
      $at += 8 + $length;
    }'
}

# The package keeps its novels in data/Rdata.rdb: one zlib stream each, after 4 bytes with the unpacked size. Where they are
# stands in Rdata.rdx as vectors of two integers (type 13, length 2): offset, size.
make_austen() {
  local r=$work/usr/lib/R/site-library/janeaustenr/data offset size
  already_there "$data/austen.txt" $austen_sha256 && return
  command -v perl >/dev/null || die "perl is not installed: apt-get install perl-base" 4
  (cd "$work" && apt-get download -q r-cran-janeaustenr) >"$work/log" 2>&1 ||
    die "apt-get download r-cran-janeaustenr failed: $(tail -n 1 "$work/log")" 4
  dpkg-deb -x "$work"/r-cran-janeaustenr_*.deb "$work"
  gzip -dc "$r/Rdata.rdx" |
    perl -0777 -ne 'printf "%d %d\n", unpack("NN", $1) while /\0\0\0\x0d\0\0\0\x02(.{8})/gs' |
    while read -r offset size; do
      # gzip unpacks a zlib stream whose 2-byte header follows 8 bytes of a gzip header. It then misses its own trailer
      # and complains; whether the bytes are right is for the hash to say.
      {
        printf '\x1f\x8b\x08\0\0\0\0\0'
        dd if="$r/Rdata.rdb" iflag=skip_bytes,count_bytes skip=$((offset + 4)) count=$((size - 4)) status=none
      } | { gzip -dc 2>/dev/null || true; } | print_r_strings
    done >"$work/austen.txt"
  publish "$work/austen.txt" "$data/austen.txt" $austen_sha256
}

mkdir -p "$data"
work=$(mktemp -d "$data/.corpus.XXXXXX")
trap 'rm -rf "$work"' EXIT

[ $# -gt 0 ] || set -- kjv
for name in "$@"; do
  case $name in
    kjv | austen) "make_$name" ;;
    *) die "unknown text '$name': expected kjv or austen" 2 ;;
  esac
done
