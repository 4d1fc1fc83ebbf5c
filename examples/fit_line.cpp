// Fits a line to noisy points: tensors, a graph that records itself, gradients.
#include <cstdio>

#include "base/random.h"
#include "tensor/autograd/node.h"
#include "tensor/ops/elementwise.h"
#include "tensor/ops/linear.h"
#include "tensor/ops/reduce.h"

using namespace octet;

int main() {
  constexpr std::int64_t kPoints = 100;
  const Random random(1);
  Tensor x = Tensor::empty({kPoints, 1}), y = Tensor::empty({kPoints, 1});
  for (std::int64_t i = 0; i < kPoints; ++i) {
    const auto index = static_cast<std::uint64_t>(i);
    x.data<float>()[i] = random.uniform(index);
    y.data<float>()[i] = 3.0F * x.data<float>()[i] - 2.0F + 0.05F * random.normal(1000 + index);
  }

  Tensor slope = Tensor::zeros({1, 1}), offset = Tensor::zeros({1});  // W and b of y = x W^T + b
  for (Tensor* parameter : {&slope, &offset}) parameter->set_requires_grad(true);
  for (int step = 0; step < 500; ++step) {
    const Tensor error = add(linear(x, slope, offset), scale(y, -1.0F));
    const Tensor loss = mean(mul(error, error));
    if (step % 100 == 0) std::printf("step %3d  loss %.4f\n", step, loss.item());
    backward(loss);
    for (Tensor* parameter : {&slope, &offset}) {
      parameter->data<float>()[0] -= 0.5F * parameter->grad().item();
      parameter->clear_grad();
    }
  }
  std::printf("y = %.2f x %+.2f, made from y = 3 x -2\n", slope.item(), offset.item());
}
