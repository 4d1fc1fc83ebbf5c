#include "tensor/cpu/kernels/table.h"

#include "tensor/cpu/kernels/decode_attention.h"
#include "tensor/cpu/tables.h"

namespace octet::cpu {

const KernelTable& avx2_kernels() {
  static const KernelTable table = {
      float_kernels<best_gemm>(), avx2_int_kernels(),   norm_codes_kernels<avx2_int_kernels>(),
      avx2_weight_kernels(),      avx2_probe_kernels(), kv_kernels()};
  return table;
}

}  // namespace octet::cpu
