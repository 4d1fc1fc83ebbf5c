#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "base/random.h"
#include "tensor/ops/activation.h"
#include "tensor/ops/attention.h"
#include "tensor/ops/cross_entropy.h"
#include "tensor/ops/dropout.h"
#include "tensor/ops/elementwise.h"
#include "tensor/ops/embedding.h"
#include "tensor/ops/head_gate.h"
#include "tensor/ops/linear.h"
#include "tensor/ops/matmul.h"
#include "tensor/ops/norm.h"
#include "tensor/ops/reduce.h"
#include "tensor/ops/rope.h"
#include "tensor/ops/softmax.h"
#include "tensor/ops/view.h"
#include "tests/support/far_from_the_clip.h"
#include "tests/support/random_tensor.h"

namespace octet::gradient {

using Inputs = std::vector<Tensor>;

/// An operation and the shapes of its inputs.
struct GradientCase {
  std::string name;
  std::function<Tensor(const Inputs&)> function;
  std::vector<Shape> shapes;
  bool cpu_only = false;  // no kernel for a GPU: not compared with one
};
inline void PrintTo(const GradientCase& of, std::ostream* out) {  // for gtest
  *out << of.name;
}

inline Tensor ids(const std::vector<std::int32_t>& values) {
  return Tensor::from(values, {static_cast<std::int64_t>(values.size())});
}

// Head size 4; the time of 67 crosses a block of 64 queries.
inline constexpr HeadLayout kMultiHead = {2, 2, 4};
inline constexpr HeadLayout kGrouped = {4, 2, 2};

/// Times 20, since queries and keys are x times 0.05: else their gradients would be small beside the tolerance.
inline Tensor clipped_attention(const Tensor& x, const HeadLayout& layout) {
  return scale(causal_attention(far_from_the_clip(x, layout), layout, kSampleGamma), 20.0F);
}

/// One for every way through the gradients of the operations, with awkward sizes.
inline std::vector<GradientCase> cases() {
  return {
      {"linear", [](const Inputs& x) { return linear(x[0], x[1]); }, {{2, 3, 5}, {7, 5}}},
      {"linear_bias", [](const Inputs& x) { return linear(x[0], x[1], x[2]); }, {{3, 5}, {7, 5}, {7}}},
      {"linear_one", [](const Inputs& x) { return linear(x[0], x[1], x[2]); }, {{1, 1}, {1, 1}, {1}}},
      {"linear_residual", [](const Inputs& x) { return linear(x[0], x[1], {}, x[2]); }, {{2, 3, 5}, {7, 5}, {2, 3, 7}}},
      {"linear_of_residual", [](const Inputs& x) { return linear(x[0], x[1], x[2], x[0]); }, {{3, 5}, {5, 5}, {5}}},
      {"matmul", [](const Inputs& x) { return matmul(x[0], x[1]); }, {{2, 3, 5}, {2, 5, 4}}},
      {"matmul_ta", [](const Inputs& x) { return matmul(x[0], x[1], true, false); }, {{2, 5, 3}, {2, 5, 4}}},
      {"matmul_tb", [](const Inputs& x) { return matmul(x[0], x[1], false, true); }, {{2, 3, 5}, {2, 4, 5}}},
      {"matmul_tab", [](const Inputs& x) { return matmul(x[0], x[1], true, true); }, {{5, 3}, {4, 5}}},
      {"add", [](const Inputs& x) { return add(x[0], x[1]); }, {{3, 5}, {3, 5}}},
      {"add_tail", [](const Inputs& x) { return add(x[0], x[1]); }, {{2, 3, 5}, {3, 5}}},
      {"add_same_twice", [](const Inputs& x) { return add(x[0], x[0]); }, {{3, 5}}},
      {"mul", [](const Inputs& x) { return mul(x[0], x[1]); }, {{3, 5}, {3, 5}}},
      {"scale", [](const Inputs& x) { return scale(x[0], -1.5F); }, {{3, 5}}},
      {"concat", [](const Inputs& x) { return concat(x); }, {{2, 3, 5}, {2, 3, 1}, {2, 3, 2}}},
      {"concat_of_parts",
       [](const Inputs& x) {
         return concat({slice(x[0], 1, 2, 5), slice(x[0], 1, 0, 1)});
       },
       {{3, 5}}},
      {"head_gate", [](const Inputs& x) { return head_gate(x[0], x[1]); }, {{2, 3, 12}, {2, 3, 4}}, true},
      {"head_gate_one", [](const Inputs& x) { return head_gate(x[0], x[1]); }, {{1}, {1}}, true},
      {"gelu", [](const Inputs& x) { return gelu(x[0]); }, {{33}}},
      {"silu", [](const Inputs& x) { return silu(x[0]); }, {{33}}},
      {"swiglu", [](const Inputs& x) { return swiglu(x[0], x[1]); }, {{3, 11}, {3, 11}}},
      {"layer_norm", [](const Inputs& x) { return layer_norm(x[0], x[1], x[2]); }, {{5, 7}, {7}, {7}}},
      {"layer_norm_wide", [](const Inputs& x) { return layer_norm(x[0], x[1], x[2]); }, {{2, 33}, {33}, {33}}},
      {"rms_norm", [](const Inputs& x) { return rms_norm(x[0], x[1]); }, {{2, 3, 7}, {7}}},
      {"rope", [](const Inputs& x) { return rope(x[0], kMultiHead, 100.0F, 3); }, {{2, 3, 24}}},
      {"attention", [](const Inputs& x) { return causal_attention(x[0], kMultiHead); }, {{2, 5, 24}}},
      {"attention_one_token", [](const Inputs& x) { return causal_attention(x[0], kMultiHead); }, {{2, 1, 24}}},
      {"attention_grouped", [](const Inputs& x) { return causal_attention(x[0], kGrouped); }, {{1, 6, 16}}},
      {"attention_two_blocks",
       [](const Inputs& x) {
         return causal_attention(x[0], {1, 1, 2});
       },
       {{1, 67, 6}}},
      {"attention_clipped", [](const Inputs& x) { return clipped_attention(x[0], kMultiHead); }, {{2, 5, 24}}},
      {"attention_clipped_one_token", [](const Inputs& x) { return clipped_attention(x[0], kGrouped); }, {{2, 1, 16}}},
      {"attention_clipped_grouped", [](const Inputs& x) { return clipped_attention(x[0], kGrouped); }, {{1, 6, 16}}},
      {"attention_clipped_two_blocks",
       [](const Inputs& x) {
         return clipped_attention(x[0], {1, 1, 2});
       },
       {{1, 67, 6}}},
      {"embedding",
       [](const Inputs& x) {
         return embedding(ids({2, 0, 2, 3}), x[0]);
       },
       {{4, 5}}},
      {"cross_entropy",
       [](const Inputs& x) {
         return cross_entropy(x[0], ids({1, 0, 4}));
       },
       {{3, 5}}},
      {"cross_entropy_overwriting",
       [](const Inputs& x) {
         return cross_entropy(mul(x[0], x[1]), ids({1, 0, 4}), Logits::overwrite);
       },
       {{3, 5}, {3, 5}}},
      {"softmax", [](const Inputs& x) { return softmax(x[0]); }, {{3, 5}}},
      {"dropout", [](const Inputs& x) { return dropout(x[0], 0.3F, 5, 6); }, {{4, 9}}},
      {"sum", [](const Inputs& x) { return sum(x[0]); }, {{3, 5}}},
      {"mean", [](const Inputs& x) { return mean(x[0]); }, {{3, 5}}},
      {"reshape",
       [](const Inputs& x) {
         return mul(reshape(x[0], {5, -1}), x[1]);
       },
       {{3, 5}, {5, 3}}},
      {"transpose", [](const Inputs& x) { return mul(transpose(x[0], 0, 1), x[1]); }, {{3, 5}, {5, 3}}},
      {"slice", [](const Inputs& x) { return mul(slice(x[0], 1, 1, 3), x[1]); }, {{3, 5}, {3, 2}}},
      {"contiguous", [](const Inputs& x) { return contiguous(transpose(x[0], 0, 1)); }, {{3, 5}}},
  };
}

inline Inputs random_inputs(const GradientCase& of) {
  Inputs inputs;
  for (const Shape& shape : of.shapes) {
    inputs.push_back(random_tensor(shape, Random(7, inputs.size())));
  }
  return inputs;
}

}  // namespace octet::gradient
