#include "tensor/cpu/tables.h"

// Compiled with baseline flags. __builtin_cpu_supports checks CPUID and, through XGETBV, that the system saves the
// registers.
namespace octet::cpu {

#if defined(__x86_64__)
bool has_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

bool has_avx512vnni() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vnni");
}
#else
bool has_avx2() {
  return false;
}
bool has_avx512vnni() {
  return false;
}
#endif

}  // namespace octet::cpu
