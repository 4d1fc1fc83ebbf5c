#include "nn/layers/online_rotation.h"
#include "quant/fp32_model.h"
#include "quant/transforms/rotate.h"
#include "quant/transforms/rotation.h"
#include "tensor/autograd/node.h"
#include "tensor/ops/attention.h"

namespace octet {
namespace {

/// W Q, part by part: the weight of a layer that reads rotated inputs.
void rotate_inputs(Tensor weight, const OnlineRotation& rotation) {
  const NoGrad no_grad;
  weight.copy_from(rotation(weight));
}

/// GPT-2 without norms of queries and keys: rows of queries and keys of each head, with their biases.
void fold_keys(const NamedTensors& tensors, const GptConfig& config, std::uint64_t seed) {
  const HeadLayout layout{config.heads, config.key_value_heads(), config.head_dim()};
  const Rotation rotation(config.head_dim(), Rotation::Kind::spreading, Random(seed, hash_name("rotate.keys")));
  for (std::int64_t layer = 0; layer < config.layers; ++layer) {
    for (const char* part : {"weight", "bias"}) {
      const Tensor qkv = tensors.find(fmt::format("blocks.{}.attention.qkv.{}", layer, part));
      if (qkv.defined()) {
        rotate_columns(qkv, 0, layout.query_width() + layout.kv_width(), rotation);
      }
    }
  }
}

}  // namespace

std::unique_ptr<Gpt> rotated_online(Gpt& model, const RotateConfig& config) {
  if (model.config().rotations.any()) {
    fail(ErrorKind::config, "rotate: expected a model that rotates nothing while it runs, got one that does");
  }
  check_rotatable(model.config(), config);
  // RoPE and the gains of norms stand between the weights and the products of queries and keys.
  const bool folds_keys = model.config().architecture == Architecture::gpt2 && !model.config().qk_norm;
  const OnlineRotations rotations{.down = config.down, .heads = config.keys && !folds_keys, .seed = config.seed};
  std::unique_ptr<Gpt> copy = fp32_copy(model, HeadOfCopy::as_it_is, rotations);
  const NamedTensors tensors(*copy);
  const GptConfig& shape = copy->config();
  for (std::int64_t layer = 0; layer < shape.layers; ++layer) {
    const std::string block = fmt::format("blocks.{}.", layer);
    if (rotations.down) {
      rotate_inputs(tensors.at(block + "mlp.down.weight"), OnlineRotation(shape.hidden, rotations.seed));
    }
    if (rotations.heads) {
      rotate_inputs(tensors.at(block + "attention.output.weight"), OnlineRotation(shape.head_dim(), rotations.seed));
    }
  }
  if (config.keys && folds_keys) {
    fold_keys(tensors, shape, config.seed);
  }
  return copy;
}

}  // namespace octet
