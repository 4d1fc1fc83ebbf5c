#include "tensor/ops/attention.h"

#include "tensor/autograd/node.h"
#include "tensor/ops/checks.h"

namespace octet {
namespace {

AttentionArgs arguments(const Tensor& qkv, const HeadLayout& layout, float gamma, const Tensor& y,
                        const Tensor& log_sum) {
  const float* base = qkv.data<float>();
  const std::int64_t width = layout.width();
  return {.batch = qkv.dim(0),
          .time = qkv.dim(1),
          .past = 0,
          .heads = layout.heads,
          .kv_heads = layout.kv_heads,
          .head_dim = layout.head_dim,
          .q = base,
          .q_row = width,
          .q_batch = qkv.dim(1) * width,
          .k = base + layout.query_width(),
          .v = base + layout.query_width() + layout.kv_width(),
          .kv_row = width,
          .kv_batch = qkv.dim(1) * width,
          .y = y.data<float>(),
          .log_sum = log_sum.data<float>(),
          .scratch = nullptr,
          .gamma = gamma};
}

Tensor scratch_for(const AttentionArgs& args, DeviceKind device) {
  return Tensor::empty({kernels(device).attention_scratch(args)}, DType::f32, device);
}

}  // namespace

void check_layout(const char* op, const Tensor& qkv, const HeadLayout& layout) {
  check_float(op, qkv);
  check(layout.heads > 0 && layout.kv_heads > 0 && layout.heads % layout.kv_heads == 0,
        "[{}] expected key-value heads that divide the heads, got {} and {}", op, layout.kv_heads, layout.heads);
  check(qkv.rank() == 3 && qkv.dim(2) == layout.width(), "[{}] expected qkv of shape (B, T, {}), got {}", op,
        layout.width(), qkv.shape());
}

void check_gamma(const char* op, float gamma) {
  check(gamma <= 0.0F, "[{}] expected gamma of at most 0, got {}", op, gamma);
}

Tensor causal_attention(const Tensor& qkv, const HeadLayout& layout, float gamma) {
  check_layout("attention", qkv, layout);
  check_gamma("attention", gamma);
  const Tensor in = dense("attention", qkv);
  const std::int64_t batch = in.dim(0), time = in.dim(1);
  const DeviceKind device = in.device();
  Tensor y = Tensor::empty({batch, time, layout.query_width()}, DType::f32, device);
  const Tensor log_sum = Tensor::empty({batch, layout.heads, time}, DType::f32, device);
  AttentionArgs args = arguments(in, layout, gamma, y, log_sum);
  const Tensor scratch = scratch_for(args, device);
  args.scratch = scratch.data<float>();
  kernels(in.device()).attention(args);

  return record("attention", {qkv}, y, [in, layout, gamma, log_sum, y = y.detach()](const Tensor& grad) {
    // forward: y = softmax(q k^T / sqrt(D)) v, perhaps clipped; so dq, dk and dv as derived in attention.h, side by
    // side as q, k, v are.
    const Tensor dy = dense("attention", grad);
    Tensor dqkv = Tensor::empty(in.shape(), DType::f32, in.device());
    AttentionBackwardArgs backward = {arguments(in, layout, gamma, y, log_sum), dy.data<float>(), dqkv.data<float>(),
                                      nullptr, nullptr};
    const Tensor space = scratch_for(backward.forward, in.device());
    backward.forward.scratch = space.data<float>();
    backward.dk = backward.dq + layout.query_width();
    backward.dv = backward.dk + layout.kv_width();
    kernels(in.device()).attention_backward(backward);
    return std::vector<Tensor>{dqkv};
  });
}

}  // namespace octet
