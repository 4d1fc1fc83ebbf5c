#include "tensor/cpu/tables.h"

#ifdef OCTET_HAS_ONEDNN
#include <dnnl.h>
#endif

namespace octet::cpu {

#ifdef OCTET_HAS_ONEDNN
namespace {

void one(const GemmArgs& args, std::int64_t index) {
  dnnl_sgemm(args.transpose_a ? 'T' : 'N', args.transpose_b ? 'T' : 'N', args.m, args.n, args.k, args.alpha,
             args.a + index * args.stride_a, args.lda, args.b + index * args.stride_b, args.ldb, args.beta,
             args.c + index * args.stride_c, args.ldc);
}

// One product is spread over the threads by oneDNN itself; of many, each thread takes whole ones.
void gemm(const GemmArgs& args) {
  if (args.batch == 1) {
    one(args, 0);
    return;
  }
#pragma omp parallel for schedule(static)
  for (std::int64_t index = 0; index < args.batch; ++index) {
    one(args, index);
  }
}

}  // namespace

GemmFunction onednn_gemm() {
  return gemm;
}
OnednnVersion onednn_version() {
  const dnnl_version_t* version = dnnl_version();
  return {version->major, version->minor, version->patch};
}
#else
GemmFunction onednn_gemm() {
  return nullptr;
}
OnednnVersion onednn_version() {
  return {0, 0, 0};
}
#endif

}  // namespace octet::cpu
