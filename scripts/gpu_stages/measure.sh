# measure NAME PROGRAM [ARGUMENT ...]: runs a program that prints JSON; only a whole document becomes GPU_RAW/NAME.json. To be sourced.
measure() {
  local name=$1 code=0
  shift
  echo "$*"
  rm -f "$GPU_RAW/$name.json"
  "$@" >"$GPU_RAW/$name.part" || code=$?
  if [ "$code" = 0 ]; then
    mv "$GPU_RAW/$name.part" "$GPU_RAW/$name.json"
  fi
  rm -f "$GPU_RAW/$name.part"
  return "$code"
}
