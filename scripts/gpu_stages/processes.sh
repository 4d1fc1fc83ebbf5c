# shellcheck shell=bash
# Groups of processes that end together. A process group is not enough: `timeout` makes one of its own, and programs may leave theirs.
# So every process carries the name of its group in its environment. To be sourced.
group_token=$$.$RANDOM

# run_group NAME COMMAND ...: runs the command to its end, and then ends what it left running.
run_group() {
  local name=$1 code=0
  shift
  GPU_GROUP=$group_token.$name "$@" &
  wait $! 2>/dev/null || code=$?
  end_group "$name"
  return "$code"
}

# end_group NAME: kills every process of the group; without a name those of all groups of this shell.
end_group() {
  local found
  # A process that ends meanwhile is no error.
  grep -lsz "^GPU_GROUP=$group_token\.$1" /proc/[0-9]*/environ | while IFS= read -r found; do
    found=${found#/proc/}
    kill -KILL "${found%/environ}" 2>/dev/null
  done
}
