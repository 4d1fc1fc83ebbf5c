#include <cmath>

#include "tests/cuda/awkward.h"

// The loss and its gradient on the cuda backend, against the CPU's and against sums in double.

namespace octet::cross_entropy_test {
namespace {

// Sums of many terms in another order. Most is lost where the rounding of a logarithm near 20, 1e-6, becomes a relative
// error of a probability. Measured: 5.4e-7 against double, 2e-6 against the CPU.
constexpr double kLoss = 5e-6;
constexpr float kScale = 0.25F;

class CudaCrossEntropy : public CudaTest {
 protected:
  /// Rows of logits with a target each.
  struct Sample {
    Tensor logits, targets;
    std::int64_t rows() const { return logits.dim(0); }
    std::int64_t vocabulary() const { return logits.dim(1); }
  };

  static void loss(const KernelTable& table, const Sample& of, const Tensor& nll, const Tensor& log_sum) {
    table.cross_entropy({of.rows(), of.vocabulary(), of.logits.data<float>(), of.targets.data<std::int32_t>(),
                         nll.data<float>(), log_sum.defined() ? log_sum.data<float>() : nullptr});
  }
  static void gradient(const KernelTable& table, const Sample& of, const Tensor& log_sum, const Tensor& dlogits) {
    table.cross_entropy_backward({of.rows(), of.vocabulary(), of.logits.data<float>(), of.targets.data<std::int32_t>(),
                                  log_sum.data<float>(), kScale, dlogits.data<float>()});
  }

  /// Loss and gradient in double: where a CPU adds thousands of terms one by one, as without optimization, its own
  /// error is larger than that of a tree of sums.
  static void exact(const Sample& of, const Tensor& nll, const Tensor& dlogits) {
    for (std::int64_t row = 0; row < of.rows(); ++row) {
      const std::span<const float> z = of.logits.span<float>().subspan(static_cast<std::size_t>(row * of.vocabulary()),
                                                                       static_cast<std::size_t>(of.vocabulary()));
      const std::int32_t target = of.targets.data<std::int32_t>()[row];
      double sum = 0;
      for (const float x : z) sum += std::exp(double{x});
      nll.data<float>()[row] = static_cast<float>(std::log(sum) - z[static_cast<std::size_t>(target)]);
      for (std::int64_t v = 0; v < of.vocabulary(); ++v) {
        const double p = std::exp(double{z[static_cast<std::size_t>(v)]}) / sum;
        dlogits.data<float>()[row * of.vocabulary() + v] = static_cast<float>(kScale * (p - (v == target ? 1 : 0)));
      }
    }
  }

  /// A copy of x (rows, columns) on the device, `place` floats behind a multiple of 16 bytes.
  static Tensor placed(const Tensor& x, std::int64_t place) {
    const std::array<std::int64_t, 2> strides = {x.dim(1), 1};
    Tensor copy = Tensor::full({place + x.elements()}, 7.0F, DeviceKind::cuda).alias(x.shape(), strides, place);
    copy.copy_from(x);
    return copy;
  }
};

TEST_F(CudaCrossEntropy, IsThatOfTheCpu) {
  for_awkward_rows_and_schedules([](std::int64_t rows, std::int64_t vocabulary) {
    const Sample here = {random_tensor({rows, vocabulary}, 1, 5.0F), random_ids(rows, vocabulary, 2)};
    if (vocabulary > 4 && here.targets.data<std::int32_t>()[0] != 0) {
      here.logits.data<float>()[0] = -HUGE_VALF;  // the first that a thread sees
    }
    const Sample there = {on_cuda(here.logits), on_cuda(here.targets)};
    const Written nll({rows}), log_sum({rows}), dlogits(here.logits.shape());
    loss(cpu_kernels(), here, nll.cpu, log_sum.cpu);
    gradient(cpu_kernels(), here, log_sum.cpu, dlogits.cpu);
    loss(cuda_kernels(), there, nll.cuda, log_sum.cuda);
    gradient(cuda_kernels(), there, log_sum.cuda, dlogits.cuda);
    expect_close(nll.cuda, nll.cpu, kLoss);
    expect_close(log_sum.cuda, log_sum.cpu, kLoss);
    vocabulary > 1 ? expect_close(dlogits.cuda, dlogits.cpu, kLoss) : void();
    loss(cuda_kernels(), there, nll.cuda, {});
    expect_close(nll.cuda, nll.cpu, kLoss);
  });
}

// Nine rows of an odd length begin at every place between two multiples of 16 bytes, whatever that of the first. Some
// are shorter than what comes before the first such multiple. A thread loads several packs, of 1021 and 8195 columns
// more than once.
TEST_F(CudaCrossEntropy, RowsMayBeginAnywhere) {
  for (const std::int64_t vocabulary : {1, 2, 3, 5, 131, 1021, 4115, 8195}) {
    const std::int64_t last = vocabulary - 1;
    Tensor targets = Tensor::empty({9}, DType::i32);
    for (std::int64_t row = 0; row < 9; ++row) {  // the first five columns, and the last four
      const std::int64_t column = row < 5 ? row : last - (8 - row);
      targets.data<std::int32_t>()[row] = static_cast<std::int32_t>(std::clamp<std::int64_t>(column, 0, last));
    }
    const Sample here = {random_tensor({9, vocabulary}, 1, 5.0F), targets};
    const Tensor nll = Tensor::empty({9}), dlogits = Tensor::empty(here.logits.shape());
    exact(here, nll, dlogits);
    for (const std::int64_t place : {0, 1, 2, 3}) {
      SCOPED_TRACE(testing::Message() << "vocabulary " << vocabulary << " place " << place);
      Sample there = {placed(here.logits, place), on_cuda(targets)};
      const Tensor nll_there = on_cuda(Tensor::full({9}, 7.0F)), log_sum_there = on_cuda(Tensor::full({9}, 7.0F));
      loss(cuda_kernels(), there, nll_there, log_sum_there);
      expect_close(nll_there, nll, kLoss);
      const Tensor elsewhere = placed(Tensor::full(here.logits.shape(), 7.0F), 0);
      gradient(cuda_kernels(), there, log_sum_there, elsewhere);
      vocabulary > 1 ? expect_close(elsewhere, dlogits, kLoss) : void();
      under_every_schedule([&] {  // over the logits
        there.logits.copy_from(here.logits);
        gradient(cuda_kernels(), there, log_sum_there, there.logits);
        expect_equal(there.logits, elsewhere);
      });
    }
  }
}

}  // namespace
}  // namespace octet::cross_entropy_test
