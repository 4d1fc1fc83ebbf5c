#include "base/error.h"
#include "tensor/ops/checks.h"
#include "tensor/ops/dynamic_linear.h"
#include "tensor/ops/elementwise.h"
#include "tests/cuda/cuda_test.h"
#include "tests/cuda/quantized_sample.h"

namespace octet::int_linear_test {
namespace {

// The scales of the sample are small multiples of 2^-10, so that sums over groups are exact in any order; the scale of
// the row and the bias round once or, fused, not at all in between. Measured 0 against a CPU that fuses too.
constexpr double kBound = 2e-7;
// With exponentials of another kind behind them: measured 7.3e-8.
constexpr double kNonlinearBound = 3e-7;

class CudaIntLinear : public CudaTest {};

struct Format {
  int bits;
  bool minimum;
};
constexpr Format kFormats[] = {{8, false}, {7, true}, {4, false}, {4, true}};

PackedWeight packed_weight(const ProductCase& c, const Format& format) {
  return {random_codes(c, format.bits, format.minimum), format.bits <= 4 ? PackedFormat::int4 : PackedFormat::int8};
}

void expect_same_sums(const Tensor& x, const PackedWeight& weight) {
  const PackedWeight moved = weight.to(DeviceKind::cuda);
  expect_equal(integer_product(quantize_rows(on_cuda(x), moved.layout()), moved),
               integer_product(quantize_rows(x, weight.layout()), weight));
}

TEST_F(CudaIntLinear, SumsEqualTheCpu) {
  for (const ProductCase& c : product_cases()) {
    for (const Format& format : kFormats) {
      SCOPED_TRACE(fmt::format("{}, {} bits", describe(c), format.bits));
      expect_same_sums(random_tensor({c.m, c.k}, 3), packed_weight(c, format));
    }
  }
}

TEST_F(CudaIntLinear, NeedNoOrderOfThreads) {
  under_every_schedule([] {
    for (const ProductCase& c : {ProductCase{3, 17, 100, 32}, {20, 70, 300, 24}, {20, 33, 600, 24}}) {
      for (const Format& format : kFormats) {
        const PackedWeight weight = packed_weight(c, format);
        const Tensor x = random_tensor({c.m, c.k}, 3);
        expect_same_sums(x, weight);
        expect_close(dynamic_linear(on_cuda(x), weight.to(DeviceKind::cuda)), dynamic_linear(x, weight), kBound);
      }
    }
  });
}

// All products have the same sign and the largest size. Sixteen times the codes of int4 just fit.
TEST_F(CudaIntLinear, ExtremeCodesDoNotOverflow) {
  constexpr std::int64_t k = kMaxGroup;
  for (const int bits : {4, 8}) {
    for (const int sign : {1, -1}) {
      Codes w{Tensor::empty({2, k}, DType::i8), Tensor::full({2}, 1.0F), bits};
      std::fill_n(w.codes.data<std::int8_t>(), 2 * k, static_cast<std::int8_t>(sign * largest_code(bits)));
      const PackedWeight weight(w, bits == 4 ? PackedFormat::int4 : PackedFormat::int8);
      expect_same_sums(Tensor::full({1, k}, 3.0F), weight);
      expect_same_sums(Tensor::full({17, k}, 3.0F), weight);
    }
  }
}

TEST_F(CudaIntLinear, EqualTheCpu) {
  for (const ProductCase& c : product_cases()) {
    for (const Format& format : kFormats) {
      SCOPED_TRACE(fmt::format("{}, {} bits{}", describe(c), format.bits, format.minimum ? " with minimum" : ""));
      const PackedWeight weight = packed_weight(c, format), moved = weight.to(DeviceKind::cuda);
      const Tensor x = random_tensor({c.m, c.k}, 3), bias = random_tensor({c.n}, 4);
      expect_close(dynamic_linear(on_cuda(x), moved), dynamic_linear(x, weight), kBound);
      expect_close(dynamic_linear(on_cuda(x), moved, on_cuda(bias)), dynamic_linear(x, weight, bias), kBound);
    }
  }
}

TEST_F(CudaIntLinear, TilesEqualTheCpu) {
  for (const ProductCase& c : tile_cases()) {
    for (const Format& format : kFormats) {
      SCOPED_TRACE(fmt::format("{}, {} bits{}", describe(c), format.bits, format.minimum ? " with minimum" : ""));
      const PackedWeight weight = packed_weight(c, format);
      const Tensor x = random_tensor({c.m, c.k}, 3);
      expect_same_sums(x, weight);
      expect_close(dynamic_linear(on_cuda(x), weight.to(DeviceKind::cuda)), dynamic_linear(x, weight), kBound);
    }
  }
}

TEST_F(CudaIntLinear, ApplyTheNonlinearity) {
  for (const ProductCase& c : {ProductCase{3, 33, 40, 40}, {18, 33, 40, 40}, {18, 33, 40, 8}}) {
    for (const Format& format : kFormats) {
      SCOPED_TRACE(fmt::format("{}, {} bits", describe(c), format.bits));
      const PackedWeight weight = packed_weight(c, format), moved = weight.to(DeviceKind::cuda);
      const Tensor x = random_tensor({c.m, c.k}, 3), bias = random_tensor({c.n}, 4),
                   gate = random_tensor({c.m, c.n}, 5);
      for (const Nonlinearity f : {Nonlinearity::gelu, Nonlinearity::silu}) {
        expect_close(dynamic_linear(on_cuda(x), moved, on_cuda(bias), f), dynamic_linear(x, weight, bias, f),
                     kNonlinearBound);
      }
      expect_close(dynamic_linear(on_cuda(x), moved, on_cuda(bias), Epilogue::swiglu(on_cuda(gate))),
                   dynamic_linear(x, weight, bias, Epilogue::swiglu(gate)), kNonlinearBound);
    }
  }
}

// Few rows by dp4a and on tensor cores, tiles, and sums of the library: to the bit what an addition behind them gives.
TEST_F(CudaIntLinear, AddTheResidual) {
  under_every_schedule([] {
    for (const ProductCase& c : {ProductCase{1, 33, 40, 40},
                                 {2, 17, 40, 8},
                                 {5, 33, 40, 40},
                                 {5, 16, 40, 8},
                                 {18, 33, 40, 40},
                                 {18, 36, 40, 40},
                                 {18, 33, 40, 8},
                                 {65, 70, 40, 8}}) {
      for (const Format& format : kFormats) {
        SCOPED_TRACE(fmt::format("{}, {} bits", describe(c), format.bits));
        const PackedWeight weight = packed_weight(c, format).to(DeviceKind::cuda);
        const Tensor x = on_cuda(random_tensor({c.m, c.k}, 3)), bias = on_cuda(random_tensor({c.n}, 4)),
                     residual = on_cuda(random_tensor({c.m, c.n}, 5)), gate = on_cuda(random_tensor({c.m, c.n}, 6));
        expect_equal(dynamic_linear(x, weight, bias, Epilogue::plus(residual)),
                     add(dynamic_linear(x, weight, bias), residual));
        Epilogue both = Epilogue::swiglu(gate);
        both.residual = residual;
        expect_close(dynamic_linear(x, weight, bias, both),
                     add(dynamic_linear(x, weight, bias, Epilogue::swiglu(gate)), residual), kNonlinearBound);
      }
    }
  });
}

TEST_F(CudaIntLinear, RefuseRowsThatAreTooLong) {
  IntLinearArgs args{};
  args.x.rows = 1;
  args.w.n = 16;
  args.w.layout = code_layout(300'000, kMaxGroup);
  EXPECT_THROW(cuda_kernels().int8_linear(args), Error);
  EXPECT_THROW(cuda_kernels().int4_linear(args), Error);
}

TEST_F(CudaIntLinear, NonFiniteRowsGiveNan) {
  for (const std::int64_t m : {2, 18}) {
    const PackedWeight weight = packed_weight({m, 17, 40, 40}, {8, false});
    Tensor x = random_tensor({m, 40}, 3);
    x.data<float>()[7] = NAN;
    expect_close(dynamic_linear(on_cuda(x), weight.to(DeviceKind::cuda)), dynamic_linear(x, weight), kBound);
  }
}

// int8 with one scale per row lies on a GPU once, in rows; everything else in panels.
TEST_F(CudaIntLinear, RowCodesAreThoseOfTheWeight) {
  const ProductCase c{1, 17, 33, 33};
  const Codes codes = random_codes(c, 8, false);
  const PackedWeight moved = PackedWeight(codes, PackedFormat::int8).to(DeviceKind::cuda);
  const PackedCodes view = moved.view();
  ASSERT_NE(view.row_codes, nullptr);
  EXPECT_EQ(view.codes, nullptr);
  const std::int64_t stride = view.layout.row_stride();
  EXPECT_EQ(stride, 48);
  std::vector<std::int8_t> rows(static_cast<std::size_t>(32 * stride));
  memory(DeviceKind::cuda).to_host(rows.data(), view.row_codes, rows.size());
  for (std::int64_t n = 0; n < 32; ++n) {
    for (std::int64_t k = 0; k < stride; ++k) {
      const bool exists = n < c.n && k < c.k;
      EXPECT_EQ(rows[static_cast<std::size_t>(n * stride + k)],
                exists ? codes.codes.data<std::int8_t>()[n * c.k + k] : 0);
    }
  }
  EXPECT_EQ(packed_weight({1, 17, 33, 8}, {8, false}).to(DeviceKind::cuda).view().row_codes, nullptr);
  EXPECT_EQ(packed_weight(c, {8, false}).view().row_codes, nullptr);
}

TEST_F(CudaIntLinear, AWeightThatWentToTheGpuAndBackIsTheSame) {
  for (const std::int64_t group : {33, 8}) {
    const ProductCase c{2, 17, 33, group};
    const PackedWeight weight = packed_weight(c, {8, false});
    const PackedWeight back = weight.to(DeviceKind::cuda).to(DeviceKind::cpu);
    const Tensor x = random_tensor({c.m, c.k}, 3);
    ASSERT_NE(back.view().codes, nullptr);
    EXPECT_EQ(back.view().row_codes, nullptr);
    expect_equal(dynamic_linear(x, back), dynamic_linear(x, weight));
  }
}

}  // namespace
}  // namespace octet::int_linear_test
