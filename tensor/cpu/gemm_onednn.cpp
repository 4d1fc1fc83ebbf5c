#include "tensor/cpu/tables.h"

#ifdef OCTET_HAS_ONEDNN
#include <algorithm>

#include <dnnl.h>
#include <omp.h>

#include "base/parallel.h"
#include "tensor/cpu/memory.h"
#endif

namespace octet::cpu {

#ifdef OCTET_HAS_ONEDNN
namespace {

/// One call of the library: by one thread inside of a parallel region, else by all.
void call_sgemm(const GemmArgs& args) {
  if (!omp_in_parallel()) {
    adopt_thread_count();
  }
  dnnl_sgemm(args.transpose_a ? 'T' : 'N', args.transpose_b ? 'T' : 'N', args.m, args.n, args.k, args.alpha, args.a,
             args.lda, args.b, args.ldb, args.beta, args.c, args.ldc);
}

// dnnl_sgemm is at its best on pieces that stay in the second-level cache and on operands as they lie. So long products
// are cut here, and each thread works on rows of C of its own. A small transposed B is first copied to plain order.

constexpr std::int64_t kBlockRows = 256;          // rows of C per call
constexpr std::int64_t kBlockDepth = 128;         // rows of a transposed A per call
constexpr std::int64_t kSmallMatrix = 256 << 10;  // elements: half of the cache
constexpr std::int64_t kManyRows = 2 * kBlockRows;

/// Rows of C that a thread works on at a time: at most `limit`, and every thread gets some.
std::int64_t rows_per_block(std::int64_t rows, std::int64_t limit) {
  const std::int64_t share = (rows + thread_count() - 1) / thread_count();
  return std::min(limit, (share + 15) / 16 * 16);
}

GemmArgs rows_of(const GemmArgs& args, std::int64_t begin, std::int64_t end) {
  GemmArgs block = args;
  block.m = end - begin;
  block.a += begin * (args.transpose_a ? 1 : args.lda);
  block.c += begin * args.ldc;
  return block;
}

void cut_by_rows(const GemmArgs& args) {
  const std::int64_t rows = rows_per_block(args.m, kBlockRows);
  parallel_for(args.m, rows, [&](std::int64_t begin, std::int64_t end) { call_sgemm(rows_of(args, begin, end)); });
}

/// A transposed (weight gradients): C grows by one stripe of rows of A and B after the other.
void cut_by_depth(const GemmArgs& args) {
  const std::int64_t rows = rows_per_block(args.m, args.m);
  parallel_for(args.m, rows, [&](std::int64_t first, std::int64_t last) {
    const GemmArgs block = rows_of(args, first, last);
    for (std::int64_t begin = 0; begin < args.k; begin += kBlockDepth) {
      GemmArgs piece = block;
      piece.k = std::min(kBlockDepth, args.k - begin);
      piece.a += begin * args.lda;
      piece.b += begin * args.ldb;
      piece.beta = begin == 0 ? args.beta : 1.0F;
      call_sgemm(piece);
    }
  });
}

/// to (columns, rows) = from (rows, columns)^T
void transpose(const float* from, std::int64_t rows, std::int64_t columns, std::int64_t stride, float* to) {
  constexpr std::int64_t kTile = 16;
  parallel_for(columns, kTile, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r0 = 0; r0 < rows; r0 += kTile) {
      for (std::int64_t c = begin; c < end; ++c) {
        for (std::int64_t r = r0; r < std::min(r0 + kTile, rows); ++r) {
          to[c * rows + r] = from[r * stride + c];
        }
      }
    }
  });
}

/// Copies B to plain order, then cuts the product by rows.
void transpose_b_first(GemmArgs args) {
  const auto bytes = static_cast<std::size_t>(args.n * args.k) * sizeof(float);
  auto* const straight = static_cast<float*>(allocate(bytes));
  transpose(args.b, args.n, args.k, args.ldb, straight);
  args.b = straight;
  args.ldb = args.n;
  args.transpose_b = false;
  cut_by_rows(args);
  release(straight, bytes);
}

/// Chooses how a single product is cut, or that it is not.
void multiply_by_all_threads(const GemmArgs& args) {
  const bool small_b = args.n * args.k <= kSmallMatrix;
  if (args.transpose_a) {
    const bool long_enough = args.k >= kManyRows && args.m >= 64 * thread_count();
    if (long_enough) {
      cut_by_depth(args);
    } else {
      call_sgemm(args);
    }
  } else if (args.m < kManyRows || !(small_b || args.k > args.n)) {
    call_sgemm(args);
  } else if (args.transpose_b) {
    transpose_b_first(args);
  } else {
    cut_by_rows(args);
  }
}

// One thread does each of many products, and a product inside of a parallel loop; all threads share a single one.
void gemm(const GemmArgs& args) {
  if (args.batch == 1) {
    if (omp_in_parallel()) {
      call_sgemm(args);
    } else {
      multiply_by_all_threads(args);
    }
    return;
  }
  parallel_for(args.batch, 1, [&](std::int64_t index, std::int64_t) {
    GemmArgs single = args;
    single.a += index * args.stride_a;
    single.b += index * args.stride_b;
    single.c += index * args.stride_c;
    call_sgemm(single);
  });
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
