#include "tensor/cpu/kernels/table.h"

namespace octet::cpu {

const KernelTable& avx512vnni_kernels() {
  static const KernelTable table = {float_kernels<best_gemm>(), {}};
  return table;
}

}  // namespace octet::cpu
