#include <array>
#include <vector>

#include <gmock/gmock.h>

#include "base/error.h"
#include "tensor/cuda/runtime/switches.h"
#include "tests/cuda/cublaslt/fake_cublaslt.h"
#include "tests/cuda/gemm_sample.h"

// What cuBLASLt is told. Runs without a GPU.

namespace octet::cuda {

// Of runtime.h, what cublaslt.cpp needs.
void* allocate(std::size_t bytes) {
  static std::vector<std::byte> memory(bytes + 256);
  const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
  return memory.data() + (256 - address % 256) % 256;
}
void* stream() {
  static int stream;
  return &stream;
}

namespace {

using testing::HasSubstr;

class CublasLtTest : public testing::Test {
 protected:
  CublasLtTest() { use_fake_cublaslt(); }
};

TEST_F(CublasLtTest, RowMajorProductsComeOutRight) {
  for (const auto& [m, n, k, batch] :
       {std::array{1, 1, 1, 1}, {2, 3, 4, 1}, {5, 1, 7, 2}, {1, 6, 3, 3}, {7, 5, 11, 4}}) {
    for (const bool transpose_a : {false, true}) {
      for (const bool transpose_b : {false, true}) {
        SCOPED_TRACE(fmt::format("{} x {} x {}, transposed: {} {}", m, n, k, transpose_a, transpose_b));
        GemmSample sample(transpose_a, transpose_b, m, n, k, batch);
        const std::vector<float> expected = sample.expected();
        multiply(column_major(sample.args));
        EXPECT_EQ(sample.c, expected);
      }
    }
  }
  EXPECT_EQ(record.handles, 1);
}

TEST_F(CublasLtTest, ABiasIsAddedToEveryRowAndMayMove) {
  GemmSample sample(false, true, 4, 3, 5, 2);
  for (const auto& bias : {std::vector{1.0F, -2.0F, 3.0F}, std::vector{10.0F, 20.0F, 30.0F}}) {
    LtProduct product = column_major(sample.args);
    product.bias = bias.data();
    const std::vector<float> expected = sample.expected(bias);
    multiply(product);
    EXPECT_EQ(sample.c, expected);
  }
  const std::vector<float> without = sample.expected();
  multiply(column_major(sample.args));
  EXPECT_EQ(sample.c, without);
}

TEST_F(CublasLtTest, SumsOfBAreWrittenWhereTheyAreWanted) {
  GemmSample sample(true, false, 4, 3, 5);
  LtProduct product = column_major(sample.args);
  const auto row_sums = [&] {
    std::vector<float> sums(4);
    for (std::size_t m = 0; m < 4; ++m) {
      for (std::size_t k = 0; k < 5; ++k) {
        sums[m] += sample.a[k * static_cast<std::size_t>(sample.args.lda) + m];
      }
    }
    return sums;
  }();
  std::vector<float> first(4), second(4);
  for (std::vector<float>* sums : {&first, &second}) {  // one plan, two places
    product.sums_of_b = sums->data();
    const std::vector<float> expected = sample.expected();
    multiply(product);
    EXPECT_EQ(*sums, row_sums);
    EXPECT_EQ(sample.c, expected);
  }
  product.sums_of_b = nullptr;
  first.assign(4, -1.0F);
  multiply(product);
  EXPECT_EQ(first, std::vector<float>(4, -1.0F));
}

TEST_F(CublasLtTest, MathModesHaveTheirComputeTypes) {
  GemmSample sample(false, true, 4, 3, 5);
  LtProduct product = column_major(sample.args);
  for (const MathMode mode : {MathMode::fp32, MathMode::tf32, MathMode::bf16}) {
    product.math = mode;
    multiply(product);
  }
  EXPECT_EQ(record.compute_types, (std::vector<std::int32_t>{CUBLAS_COMPUTE_32F, CUBLAS_COMPUTE_32F_FAST_TF32,
                                                             CUBLAS_COMPUTE_32F_FAST_16BF}));
  EXPECT_EQ(record.scale_types, (std::vector<std::int32_t>{CUDA_R_32F, CUDA_R_32F, CUDA_R_32F}));
  EXPECT_EQ(record.queries.size(), 3U);  // another algorithm for each
}

TEST_F(CublasLtTest, Int8ProductsAreExact) {
  constexpr std::int64_t kM = 5, kN = 8, kK = 24, kStride = 32;
  const auto x = whole_numbers<std::int8_t>(kM * kStride, 1), w = whole_numbers<std::int8_t>(kN * kStride, 2);
  std::vector<std::int32_t> y(kM * kN);
  multiply(int8_product(kM, kN, kK, x.data(), w.data(), kStride, y.data()));
  for (std::size_t m = 0; m < kM; ++m) {
    for (std::size_t n = 0; n < kN; ++n) {
      std::int32_t sum = 0;
      for (std::size_t k = 0; k < kK; ++k) {
        sum += x[m * kStride + k] * w[n * kStride + k];
      }
      EXPECT_EQ(y[m * kN + n], sum) << m << " " << n;
    }
  }
  EXPECT_EQ(record.compute_types, std::vector<std::int32_t>{CUBLAS_COMPUTE_32I});
  EXPECT_EQ(record.scale_types, std::vector<std::int32_t>{CUDA_R_32I});
}

TEST_F(CublasLtTest, QueriesStateWorkspaceAndAlignment) {
  alignas(256) float memory[3][256] = {};
  GemmArgs args{.m = 4, .n = 4, .k = 4, .lda = 64, .ldb = 64, .ldc = 64};
  args.a = memory[0] + 1;   // 4 bytes; B of the library
  args.b = memory[1] + 12;  // 48 bytes, a multiple of 16; A of the library
  args.c = memory[2];       // 256 bytes
  multiply(column_major(args));
  ASSERT_EQ(record.queries.size(), 1U);
  const Query& query = record.queries[0];
  EXPECT_EQ(query.workspace, std::uint64_t{32} << 20);
  EXPECT_EQ(query.align_a, 16U);
  EXPECT_EQ(query.align_b, 4U);
  EXPECT_EQ(query.align_c, 256U);
  EXPECT_EQ(query.align_d, 256U);
}

// Columns, and the matrices of a batch, begin where the leading dimension and the stride put them.
TEST_F(CublasLtTest, AlignmentIsThatOfAllColumnsAndMatrices) {
  alignas(256) float memory[3][512] = {};
  GemmArgs args{.m = 4, .n = 4, .k = 4, .lda = 64, .ldb = 8, .ldc = 6, .batch = 2};
  args.a = memory[0], args.b = memory[1], args.c = memory[2];
  args.stride_a = 257, args.stride_b = 128, args.stride_c = 192;
  multiply(column_major(args));
  ASSERT_EQ(record.queries.size(), 1U);
  EXPECT_EQ(record.queries[0].align_b, 4U);   // the second matrix begins 257 floats behind the first
  EXPECT_EQ(record.queries[0].align_a, 32U);  // columns are 8 floats apart
  EXPECT_EQ(record.queries[0].align_d, 8U);
  args.batch = 1;  // then strides mean nothing
  multiply(column_major(args));
  EXPECT_EQ(record.queries[1].align_b, 256U);
}

TEST_F(CublasLtTest, SumsAreCutOnlyWhereTheirPartsHaveAnOrder) {
  std::vector<float> a(4 * 128), b(4 * 128), c(16);
  GemmArgs args{.transpose_b = true, .m = 4, .n = 4, .lda = 128, .ldb = 128, .ldc = 4};
  args.a = a.data(), args.b = b.data(), args.c = c.data();
  const auto asked = [&](std::int64_t k) {
    args.k = k;
    multiply(column_major(args));
    return static_cast<cublasLtReductionScheme_t>(record.queries.back().reductions);
  };
  EXPECT_EQ(asked(128), CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE);
  EXPECT_EQ(asked(127), CUBLASLT_REDUCTION_SCHEME_NONE);  // no multiple of a tile
  switches().split_sums = false;
  EXPECT_EQ(asked(128), CUBLASLT_REDUCTION_SCHEME_NONE);
  switches().split_sums = true;
}

TEST_F(CublasLtTest, AlgorithmsAreAskedForOncePerKind) {
  alignas(256) float memory[3][256] = {};
  GemmArgs args{.m = 4, .n = 4, .k = 4, .a = memory[0], .lda = 8, .b = memory[1], .ldb = 8, .c = memory[2], .ldc = 8};
  const auto queries_after = [](const LtProduct& product) {
    multiply(product);
    return record.queries.size();
  };
  const LtProduct first = column_major(args);
  EXPECT_EQ(queries_after(first), 1U);
  EXPECT_EQ(queries_after(first), 1U);
  args.alpha = 3.0F;
  args.b = memory[1] + 64;  // elsewhere, aligned as well
  EXPECT_EQ(queries_after(column_major(args)), 1U);

  using Change = void (*)(LtProduct&);
  const Change changes[] = {[](LtProduct& p) { p.math = MathMode::tf32; },
                            [](LtProduct& p) { p.transpose_a = true; },
                            [](LtProduct& p) { p.transpose_b = true; },
                            [](LtProduct& p) { p.m = 3; },
                            [](LtProduct& p) { p.n = 3; },
                            [](LtProduct& p) { p.k = 3; },
                            [](LtProduct& p) { p.lda = 9; },
                            [](LtProduct& p) { p.ldb = 9; },
                            [](LtProduct& p) { p.ldd = 9; },
                            [](LtProduct& p) { p.batch = 2; },
                            [](LtProduct& p) { p.stride_a = 32; },
                            [](LtProduct& p) { p.stride_b = 32; },
                            [](LtProduct& p) { p.stride_d = 32; },
                            [](LtProduct& p) { p.split_sums = true; },
                            [](LtProduct& p) { p.a = static_cast<const float*>(p.a) + 1; },
                            [](LtProduct& p) { p.b = static_cast<const float*>(p.b) + 4; },
                            [](LtProduct& p) { p.d = static_cast<float*>(p.d) + 2; },
                            [](LtProduct& p) { p.bias = static_cast<const float*>(p.a); },
                            [](LtProduct& p) { p.sums_of_b = static_cast<float*>(const_cast<void*>(p.a)) + 128; }};
  std::size_t expected = 1;
  for (const Change change : changes) {
    SCOPED_TRACE(expected);
    LtProduct other = first;
    change(other);
    EXPECT_EQ(queries_after(other), ++expected);
    EXPECT_EQ(queries_after(other), expected);
  }
  EXPECT_EQ(record.handles, 1);
}

std::string message_of(const LtProduct& product) {
  try {
    multiply(product);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST_F(CublasLtTest, FailuresNameTheProductAndTheStatus) {
  GemmSample sample(false, true, 4, 3, 5);
  const LtProduct product = column_major(sample.args);
  const std::vector<float> before = sample.c;
  const std::string described = "f32 TN, m 3, n 4, k 5, lda 7, ldb 6, ldd 6";
  record.create_status = CUBLAS_STATUS_NOT_INITIALIZED;
  EXPECT_EQ(message_of(product),
            "[product] expected cublasLtCreate to succeed, got CUBLAS_STATUS_NOT_INITIALIZED for " + described);
  record.create_status = CUBLAS_STATUS_SUCCESS;
  record.matmul_status = CUBLAS_STATUS_EXECUTION_FAILED;
  EXPECT_EQ(message_of(product),
            "[product] expected cublasLtMatmul to succeed, got CUBLAS_STATUS_EXECUTION_FAILED for " + described);
  EXPECT_EQ(sample.c, before);
}

TEST_F(CublasLtTest, ProductsWithoutAnAlgorithmAreRefused) {
  constexpr std::int64_t kM = 5, kN = 8, kK = 32;
  const auto x = whole_numbers<std::int8_t>(kM * kK, 1), w = whole_numbers<std::int8_t>(kN * kK, 2);
  std::vector<std::int32_t> y(kM * kN, 7);
  const LtProduct product = int8_product(kM, kN, kK, x.data(), w.data(), kK, y.data());
  const auto refused = [&] {
    EXPECT_FALSE(can_multiply(product));
    EXPECT_FALSE(can_multiply(product));
    EXPECT_EQ(message_of(product),
              "[product] expected cuBLASLt to have an algorithm, got none for " + describe(product));
    EXPECT_EQ(record.queries.size(), 1U);  // "no" is remembered
    EXPECT_EQ(y, std::vector<std::int32_t>(kM * kN, 7));
  };
  record.algorithms = 0;
  refused();
  use_fake_cublaslt();
  record.heuristic_status = CUBLAS_STATUS_NOT_SUPPORTED;
  refused();

  use_fake_cublaslt();
  EXPECT_TRUE(can_multiply(product));
  multiply(product);
  EXPECT_EQ(record.queries.size(), 1U);
}

// Only "not supported" means that there is none: anything else is a failure, and is not remembered.
TEST_F(CublasLtTest, AFailedQuestionIsNoAnswer) {
  GemmSample sample(false, true, 4, 3, 5);
  record.heuristic_status = CUBLAS_STATUS_INVALID_VALUE;
  EXPECT_THAT(message_of(column_major(sample.args)),
              HasSubstr("expected cublasLtMatmulAlgoGetHeuristic to succeed, got CUBLAS_STATUS_INVALID_VALUE"));
  record.heuristic_status = CUBLAS_STATUS_SUCCESS;
  EXPECT_TRUE(can_multiply(column_major(sample.args)));
}

// The library takes every leading dimension that is large enough; only the result shows that it is not the right one.
TEST_F(CublasLtTest, AWrongLeadingDimensionIsRefusedOrGivesAWrongResult) {
  GemmSample sample(false, false, 4, 3, 5, 2);
  const std::vector<float> expected = sample.expected();
  LtProduct product = column_major(sample.args);
  product.ldb += 1;
  multiply(product);
  EXPECT_NE(sample.c, expected);
  product.ldb = product.rows_of_b() - 1;
  EXPECT_THAT(message_of(product), HasSubstr("expected ldb of at least 5"));
}

}  // namespace
}  // namespace octet::cuda
