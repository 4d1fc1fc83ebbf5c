#include "tensor/cpu/kernels/table.h"

#include "tensor/cpu/kernels/decode_attention.h"
#include "tensor/cpu/tables.h"

namespace octet::cpu {

const KernelTable& generic_kernels() {
  static const KernelTable table = {
      float_kernels<own_gemm>(), generic_int_kernels(),   norm_codes_kernels<generic_int_kernels>(),
      generic_weight_kernels(),  generic_probe_kernels(), kv_kernels()};
  return table;
}

}  // namespace octet::cpu
