#include "tensor/cpu/kernels/table.h"

#include "tensor/cpu/int_tables.h"

namespace octet::cpu {

const KernelTable& avx512vnni_kernels() {
  static const KernelTable table = {float_kernels<best_gemm>(), avx512vnni_int_kernels()};
  return table;
}

}  // namespace octet::cpu
