#include "tensor/cpu/kernels/table.h"

#include "tensor/cpu/kernels/decode_attention.h"
#include "tensor/cpu/tables.h"

namespace octet::cpu {

const KernelTable& avx512vnni_kernels() {
  static const KernelTable table = {
      float_kernels<best_gemm>(),  avx512vnni_int_kernels(),   norm_codes_kernels<avx512vnni_int_kernels>(),
      avx512vnni_weight_kernels(), avx512vnni_probe_kernels(), kv_kernels()};
  return table;
}

}  // namespace octet::cpu
