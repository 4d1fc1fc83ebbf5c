#include "tensor/cpu/kernels/table.h"

namespace octet::cpu {

const KernelTable& generic_kernels() {
  static const KernelTable table = {float_kernels<own_gemm>(), {}};
  return table;
}

}  // namespace octet::cpu
