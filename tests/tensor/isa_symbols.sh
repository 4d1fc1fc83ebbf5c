#!/usr/bin/env bash
# isa_symbols.sh OBJECT...: what the object files of an instruction set may define for others.
#
# The linker keeps one copy of a weak symbol (an inline function, a template of a library) for the whole program. If
# that is the copy compiled for AVX-512, the program dies on a machine without it, wherever the function is called. And
# dynamic initializers run before anyone has asked what the machine supports. So these objects define local symbols
# and functions named octet::cpu::...kernels..., and nothing else. Weak references to data that hold no code
# (DW.ref.*, exception tables) are harmless.
set -euo pipefail

[ $# -gt 0 ] || { echo "isa_symbols.sh: expected object files, got none"; exit 1; }
bad=0
for object in "$@"; do
  if names=$(nm -C --defined-only "$object" | grep -E '^[0-9a-f]+ [WVuBDRC] ' | grep -v ' DW\.ref\.'); then
    echo "$object: weak symbols or global data:"
    echo "$names"
    bad=1
  fi
  if names=$(nm -C --defined-only "$object" | grep -E '^[0-9a-f]+ T ' |
             grep -vE ' T octet::cpu::[a-z0-9_]*kernels[a-z0-9_]*\('); then
    echo "$object: exports other than kernel tables:"
    echo "$names"
    bad=1
  fi
  if names=$(nm -C --defined-only "$object" | grep -E '_GLOBAL__sub_I|__static_initialization'); then
    echo "$object: dynamic initializers:"
    echo "$names"
    bad=1
  fi
done
exit $bad
