#include "tests/cuda/awkward.h"

// Element by element kernels of the cuda backend, their sums, and those of the optimizer, against the CPU's.

namespace octet::elementwise_test {
namespace {

// A few multiplications and additions, which are fused on a GPU alone: at most some halves of a unit, 6e-8. Measured in
// the simulator: 0.
constexpr double kRounding = 5e-7;
// Exponentials of two libraries and a division. Measured: 1.3e-7.
constexpr double kActivation = 1e-6;
// Sums of 600 terms in another order. Measured: 4.8e-7.
constexpr double kSums = 2e-6;

const std::vector<std::int64_t> kCounts = {1, 3, 4, 5, 1023, 1024, 1025, 4099};

template <typename Body>
void for_counts(const Body& body) {
  for (const std::int64_t count : kCounts) {
    SCOPED_TRACE(testing::Message() << "count " << count);
    body(count);
  }
}

class CudaElementwise : public CudaTest {
 protected:
  using Unary = void (*FloatKernels::*)(const UnaryArgs&);
  using UnaryBackward = void (*FloatKernels::*)(const UnaryBackwardArgs&);
  using Binary = void (*FloatKernels::*)(const BinaryArgs&);

  static void compare(Unary forward, UnaryBackward backward) {
    for_counts([&](std::int64_t n) {
      const Tensor x = random_tensor({n}, 1, 4.0F), dy = random_tensor({n}, 2);
      const Tensor x_there = on_cuda(x), dy_there = on_cuda(dy);
      const Written y({n}), dx({n});
      (cpu_kernels().*forward)({n, x.data<float>(), y.cpu.data<float>()});
      (cuda_kernels().*forward)({n, x_there.data<float>(), y.cuda.data<float>()});
      expect_close(y.cuda, y.cpu, kActivation);
      (cpu_kernels().*backward)({n, x.data<float>(), dy.data<float>(), dx.cpu.data<float>()});
      (cuda_kernels().*backward)({n, x_there.data<float>(), dy_there.data<float>(), dx.cuda.data<float>()});
      expect_close(dx.cuda, dx.cpu, kActivation);
    });
  }

  /// `shift` elements from the start of aligned memory on: where it is not 0 nothing is aligned to 16 bytes.
  static void compare(Binary kernel, double bound, std::int64_t shift) {
    for_counts([&](std::int64_t n) {
      const Tensor a = random_tensor({n + shift}, 1, 2.0F), b = random_tensor({n + shift}, 2);
      const Tensor a_there = on_cuda(a), b_there = on_cuda(b);
      const Written y({n + shift});
      (cpu_kernels().*kernel)({n, a.data<float>() + shift, b.data<float>() + shift, y.cpu.data<float>() + shift});
      (cuda_kernels().*
       kernel)({n, a_there.data<float>() + shift, b_there.data<float>() + shift, y.cuda.data<float>() + shift});
      expect_close(y.cuda, y.cpu, bound);
    });
  }
};

TEST_F(CudaElementwise, SumsProductsAndGates) {
  for (const std::int64_t shift : {0, 1, 2}) {
    SCOPED_TRACE(testing::Message() << "shift " << shift);
    compare(&FloatKernels::add, 0.0, shift);
    compare(&FloatKernels::mul, 0.0, shift);
    compare(&FloatKernels::swiglu, kActivation, shift);
  }
}

TEST_F(CudaElementwise, Activations) {
  compare(&FloatKernels::gelu, &FloatKernels::gelu_backward);
  compare(&FloatKernels::silu, &FloatKernels::silu_backward);
}

TEST_F(CudaElementwise, SwigluGradient) {
  for_counts([](std::int64_t n) {
    const Tensor gate = random_tensor({n}, 1, 3.0F), up = random_tensor({n}, 2), dy = random_tensor({n}, 3);
    const Tensor gate_there = on_cuda(gate), up_there = on_cuda(up), dy_there = on_cuda(dy);
    const Written dgate({n}), dup({n});
    cpu_kernels().swiglu_backward(
        {n, gate.data<float>(), up.data<float>(), dy.data<float>(), dgate.cpu.data<float>(), dup.cpu.data<float>()});
    cuda_kernels().swiglu_backward({n, gate_there.data<float>(), up_there.data<float>(), dy_there.data<float>(),
                                    dgate.cuda.data<float>(), dup.cuda.data<float>()});
    expect_close(dgate.cuda, dgate.cpu, kActivation);
    expect_close(dup.cuda, dup.cpu, kActivation);
  });
}

TEST_F(CudaElementwise, AxpbyAddsToWhatIsThere) {
  for_counts([](std::int64_t n) {
    const Tensor x = random_tensor({n}, 1), start = random_tensor({n}, 2);
    const Tensor x_there = on_cuda(x);
    const Written y(start);
    cpu_kernels().axpby({n, 0.3F, -1.7F, x.data<float>(), y.cpu.data<float>()});
    cuda_kernels().axpby({n, 0.3F, -1.7F, x_there.data<float>(), y.cuda.data<float>()});
    expect_close(y.cuda, y.cpu, kRounding);
  });
}

TEST_F(CudaElementwise, AxpbyWithZeroDoesNotReadTheOldValue) {
  const std::int64_t n = 5;
  const Tensor x = random_tensor({n}, 1), x_there = on_cuda(x);
  const Written y(Tensor::full({n}, NAN));
  cpu_kernels().axpby({n, 0.3F, 0.0F, x.data<float>(), y.cpu.data<float>()});
  cuda_kernels().axpby({n, 0.3F, 0.0F, x_there.data<float>(), y.cuda.data<float>()});
  expect_equal(y.cuda, y.cpu);
}

TEST_F(CudaElementwise, AddRowAndSumRows) {
  for_awkward_rows_and_schedules([](std::int64_t rows, std::int64_t columns) {
    const Tensor x = random_tensor({rows, columns}, 1), row = random_tensor({columns}, 2);
    const Tensor x_there = on_cuda(x), row_there = on_cuda(row);
    const Written y({rows, columns}), sums({columns});
    cpu_kernels().add_row({rows, columns, x.data<float>(), row.data<float>(), y.cpu.data<float>()});
    cuda_kernels().add_row({rows, columns, x_there.data<float>(), row_there.data<float>(), y.cuda.data<float>()});
    expect_equal(y.cuda, y.cpu);
    cpu_kernels().sum_rows({rows, columns, x.data<float>(), sums.cpu.data<float>()});
    cuda_kernels().sum_rows({rows, columns, x_there.data<float>(), sums.cuda.data<float>()});
    expect_close(sums.cuda, sums.cpu, kSums);
  });
}

TEST_F(CudaElementwise, NothingOfNoRows) {
  const Written sums({5});
  cuda_kernels().sum_rows({0, 5, nullptr, sums.cuda.data<float>()});
  expect_equal(sums.cuda, Tensor::zeros({5}));
  cuda_kernels().add({0, nullptr, nullptr, nullptr});
  EXPECT_EQ(cuda_kernels().sum_squares({0, nullptr}), 0.0);
}

// The device sums in double, so it is compared with a loop in double. More elements than all blocks take at once.
TEST_F(CudaElementwise, SumOfSquaresInDouble) {
  for (const std::int64_t n : {1, 3, 1025, 70000, 1100001}) {
    const Tensor x = random_tensor({n}, 1), there = on_cuda(x);
    double expected = 0.0;
    for (const float value : x.to_vector()) {
      expected += static_cast<double>(value) * static_cast<double>(value);
    }
    const double sum = cuda_kernels().sum_squares({n, there.data<float>()});
    EXPECT_NEAR(sum, expected, 1e-12 * expected);
    EXPECT_EQ(cuda_kernels().sum_squares({n, there.data<float>()}), sum);
  }
}

TEST_F(CudaElementwise, AdamW) {
  for_counts([](std::int64_t n) {
    const Tensor grad = random_tensor({n}, 1), grad_there = on_cuda(grad);
    Tensor squares = random_tensor({n}, 4);
    cpu_kernels().mul({n, squares.data<float>(), squares.data<float>(), squares.data<float>()});
    const Written weight(random_tensor({n}, 2)), m(random_tensor({n}, 3)), v(squares);
    AdamWArgs args{n,
                   weight.cpu.data<float>(),
                   grad.data<float>(),
                   m.cpu.data<float>(),
                   v.cpu.data<float>(),
                   0.02F,
                   0.9F,
                   0.95F,
                   1e-8F,
                   0.1F,
                   0.7F,
                   0.3F,
                   0.2F};
    cpu_kernels().adamw(args);
    args.weight = weight.cuda.data<float>();
    args.grad = grad_there.data<float>();
    args.first_moment = m.cuda.data<float>();
    args.second_moment = v.cuda.data<float>();
    cuda_kernels().adamw(args);
    expect_close(weight.cuda, weight.cpu, kRounding);
    expect_close(m.cuda, m.cpu, kRounding);
    expect_close(v.cuda, v.cpu, kRounding);
  });
}

}  // namespace
}  // namespace octet::elementwise_test
