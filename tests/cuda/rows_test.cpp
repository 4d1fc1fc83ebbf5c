#include "tests/cuda/awkward.h"

// Kernels of the cuda backend that work row by row, against the CPU's: norms, softmax, RoPE.

namespace octet::rows_test {
namespace {

// Sums of up to 4100 terms in another order. Most is lost where the rounding of a logarithm near 20, 1e-6, becomes a
// relative error of a probability, and where a layer norm of few columns takes the mean off. Measured: 1.9e-6 and
// 1.8e-6, else below 1.1e-6.
constexpr double kRows = 5e-6;
// Sums over up to 600 rows. Measured: 8.8e-7.
constexpr double kSums = 3e-6;

class CudaRows : public CudaTest {
 protected:
  /// A norm of the CPU and its twin, forward and backward.
  template <bool kCentered>
  static void compare_norms() {
    for_awkward_rows_and_schedules([](std::int64_t rows, std::int64_t columns) {
      const Shape shape{rows, columns};
      Tensor x = random_tensor(shape, 1);
      cpu_kernels().axpby({x.elements(), 1.0F, 1.0F, Tensor::full(shape, 3.0F).data<float>(), x.data<float>()});
      const Tensor gain = random_tensor({columns}, 2), bias = random_tensor({columns}, 3), dy = random_tensor(shape, 4);
      const Tensor x_there = on_cuda(x), gain_there = on_cuda(gain), bias_there = on_cuda(bias), dy_there = on_cuda(dy);
      const Written y(shape), dx(shape), mean({rows}), inverse({rows}), dgain({columns}), dbias({columns});
      const Written partial({row_chunks(rows), 2, columns});
      const auto run = [&](const KernelTable& table, Tensor Written::*of, const Tensor& in, const Tensor& g,
                           const Tensor& b, const Tensor& d) {
        const NormArgs forward{rows,
                               columns,
                               1e-5F,
                               in.data<float>(),
                               g.data<float>(),
                               kCentered ? b.data<float>() : nullptr,
                               (y.*of).template data<float>(),
                               kCentered ? (mean.*of).template data<float>() : nullptr,
                               (inverse.*of).template data<float>()};
        (kCentered ? table.layer_norm : table.rms_norm)(forward);
        (kCentered ? table.layer_norm_backward : table.rms_norm_backward)(
            {rows, columns, forward.x, forward.gain, forward.mean, forward.inverse_std, d.data<float>(),
             (dx.*of).template data<float>(), (dgain.*of).template data<float>(),
             kCentered ? (dbias.*of).template data<float>() : nullptr, (partial.*of).template data<float>()});
      };
      run(cpu_kernels(), &Written::cpu, x, gain, bias, dy);
      run(cuda_kernels(), &Written::cuda, x_there, gain_there, bias_there, dy_there);
      expect_close(y.cuda, y.cpu, kRows);
      expect_close(mean.cuda, mean.cpu, kRows);
      expect_close(inverse.cuda, inverse.cpu, kRows);
      // A row of one column has variance 0: what is left of dx are roundings times 1 / sqrt(epsilon).
      columns > 1 ? expect_close(dx.cuda, dx.cpu, kRows) : void();
      expect_close(dgain.cuda, dgain.cpu, kSums);
      expect_close(dbias.cuda, dbias.cpu, kSums);
    });
  }
};

TEST_F(CudaRows, LayerNorm) {
  compare_norms<true>();
}

TEST_F(CudaRows, RmsNorm) {
  compare_norms<false>();
}

TEST_F(CudaRows, Softmax) {
  for_awkward_rows_and_schedules([](std::int64_t rows, std::int64_t columns) {
    const Shape shape{rows, columns};
    Tensor x = random_tensor(shape, 1, 5.0F);
    if (columns > 4) {
      x.data<float>()[2] = -HUGE_VALF;  // as a mask leaves it
    }
    const Tensor x_there = on_cuda(x), dy = random_tensor(shape, 2), dy_there = on_cuda(dy);
    const Written y(shape), dx(shape);
    cpu_kernels().softmax({rows, columns, x.data<float>(), y.cpu.data<float>()});
    cuda_kernels().softmax({rows, columns, x_there.data<float>(), y.cuda.data<float>()});
    expect_close(y.cuda, y.cpu, kRows);
    cpu_kernels().softmax_backward({rows, columns, y.cpu.data<float>(), dy.data<float>(), dx.cpu.data<float>()});
    cuda_kernels().softmax_backward(
        {rows, columns, y.cuda.data<float>(), dy_there.data<float>(), dx.cuda.data<float>()});
    columns > 1 ? expect_close(dx.cuda, dx.cpu, kRows) : void();
    cuda_kernels().softmax({rows, columns, x_there.data<float>(), x_there.data<float>()});
    expect_equal(x_there, y.cuda);
  });
}

TEST_F(CudaRows, Rope) {
  // {batch, time, width, rotated, head_dim}: heads alone, with columns to copy, of packs, and of odd halves
  const std::vector<std::array<std::int64_t, 5>> shapes = {
      {1, 1, 2, 2, 2}, {2, 3, 24, 16, 8}, {1, 5, 33, 18, 6}, {2, 2, 1600, 1280, 64}, {1, 3, 36, 20, 20}};
  for (const auto& [batch, time, width, rotated, head_dim] : shapes) {
    for (const float direction : {1.0F, -1.0F}) {
      SCOPED_TRACE(testing::Message() << "width " << width << " rotated " << rotated << " D " << head_dim);
      const Tensor cosine = random_tensor({time, head_dim / 2}, 1), sine = random_tensor({time, head_dim / 2}, 2);
      const Tensor x = random_tensor({batch, time, width}, 3);
      const Tensor cosine_there = on_cuda(cosine), sine_there = on_cuda(sine), x_there = on_cuda(x);
      const Written y(x.shape());
      cpu_kernels().rope({batch, time, width, rotated, head_dim, direction, cosine.data<float>(), sine.data<float>(),
                          x.data<float>(), y.cpu.data<float>()});
      cuda_kernels().rope({batch, time, width, rotated, head_dim, direction, cosine_there.data<float>(),
                           sine_there.data<float>(), x_there.data<float>(), y.cuda.data<float>()});
      expect_close(y.cuda, y.cpu, kRows);
    }
  }
}

}  // namespace
}  // namespace octet::rows_test
