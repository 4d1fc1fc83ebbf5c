# shellcheck shell=bash
# What stages share. To be sourced.

# leave_out REASON: ends a stage that cannot do its work here.
leave_out() {
  echo "$1"
  exit 77
}

# unpack ARCHIVE FOLDER: whatever packed it. A bare machine may lack xz, which tar calls, and have a Python that knows it.
unpack() {
  tar -xf "$1" -C "$2" 2>/dev/null ||
    python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])' "$1" "$2"
}

# program NAME [ARGUMENT ...]: one of Octet's programs, with the libraries that were found for them and for nothing else.
program() {
  local name=$1
  shift
  [ -x "$GPU_PROGRAMS/$name" ] || { echo "no program $name" >&2; return 77; }
  echo "$name $*" >&2
  LD_LIBRARY_PATH=$GPU_LIBRARIES${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} "$GPU_PROGRAMS/$name" "$@"
}

# limited SECONDS NAME [ARGUMENT ...]: the same, ended after that time.
limited() {
  local seconds=$1
  shift
  export -f program
  timeout -k 5 "$seconds" bash -c 'program "$@"' program "$@"
}

# measured NAME SECONDS PROGRAM [ARGUMENT ...]: a program that writes GPU_RAW/NAME.json itself, again after each section.
measured() {
  local name=$1 seconds=$2
  shift 2
  rm -f "$GPU_RAW/$name.json"
  limited "$seconds" "$@" --out "$GPU_RAW/$name.json"
}

# printed NAME SECONDS PROGRAM [ARGUMENT ...]: a program that prints JSON; only a whole document becomes GPU_RAW/NAME.json.
printed() {
  local name=$1 seconds=$2 code=0
  shift 2
  rm -f "$GPU_RAW/$name.json"
  limited "$seconds" "$@" >"$GPU_RAW/$name.part" || code=$?
  [ "$code" != 0 ] || mv "$GPU_RAW/$name.part" "$GPU_RAW/$name.json"
  [ -s "$GPU_RAW/$name.part" ] || rm -f "$GPU_RAW/$name.part"
  return "$code"
}
