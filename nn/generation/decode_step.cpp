#include "nn/generation/decode_step.h"

#include <algorithm>

#include "nn/layers/quantized_layer.h"
#include "tensor/autograd/node.h"

namespace octet {
namespace {

/// The columns of outliers are looked for by the CPU, which cannot be recorded.
bool splits_outliers(Gpt& model) {
  bool any = false;
  model.for_each_child([&](const std::string&, ChildSlot& slot) {
    const QuantizedMatrix* matrix = quantized_matrix_of(slot.module());
    any = any || (matrix != nullptr && matrix->activations() == Activations::outlier_split);
  });
  return any;
}

/// Its attention counts past positions on the host (tensor/ops/cached_attention.h).
bool clips_softmax(const Gpt& model) {
  return model.config().attention_clip > 0;
}

}  // namespace

DecodeStep::DecodeStep(Gpt& model, KvCache& cache)
    : model_(model),
      cache_(cache),
      replays_(can_record(model.device()) && !splits_outliers(model) && !clips_softmax(model)) {}

Tensor DecodeStep::operator()(const Tensor& ids) {
  const ForwardOptions options{.cache = &cache_, .last_only = true};
  check(ids.dim(-1) == 1, "[decode] expected one token for each sequence, got ids {}", ids.shape());
  if (!replays_) {
    return model_.forward(ids, options);
  }
  const NoGrad no_grad;
  const Tensor embedded = model_.embed(ids, options);
  if (!embedded_.defined()) {
    embedded_ = Tensor::empty(embedded.shape(), DType::f32, embedded.device());
    past_ = Tensor::empty({1}, DType::i32, embedded.device());
  }
  embedded_.copy_from(embedded);
  past_.copy_from(Tensor::from(std::vector<std::int32_t>{static_cast<std::int32_t>(cache_.length())}, {1}));
  const Recorded& step = recorded(kv_ranges(cache_.length() + 1));
  step.replay->run();
  cache_.advance(1);
  return step.logits;
}

const DecodeStep::Recorded& DecodeStep::recorded(std::int64_t ranges) {
  Recorded& step = recorded_[ranges];
  if (!step.replay) {
    ForwardOptions options{.cache = &cache_, .last_only = true};
    const std::int64_t most = std::min(ranges * kKvRange, cache_.capacity());
    options.past = Past(most - 1, past_.data<std::int32_t>());
    step.replay =
        std::make_unique<Replay>(model_.device(), [&] { step.logits = model_.transform(embedded_, options); });
  }
  return step;
}

}  // namespace octet
