#include "quant/transforms/rotate.h"

#include "quant/fp32_model.h"
#include "quant/transforms/rotation.h"
#include "tensor/ops/attention.h"

namespace octet {
namespace {

/// The Hadamard matrix of the width that `what` names in errors.
Rotation make_rotation(const char* what, std::int64_t order, Rotation::Kind kind, const Random& random) {
  try {
    return {order, kind, random};
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("rotate: the {} of the model: {}", what, error.what()));
  }
}

/// Q. Signs of the stream and of values are independent.
Rotation stream_rotation(const GptConfig& config, std::uint64_t seed) {
  const bool layer_norm = config.architecture == Architecture::gpt2;
  return make_rotation("width", config.width, layer_norm ? Rotation::Kind::keeping_mean : Rotation::Kind::spreading,
                       Random(seed, hash_name("rotate.stream")));
}

/// R, the same for every head.
Rotation value_rotation(const GptConfig& config, std::uint64_t seed) {
  return make_rotation("head size", config.head_dim(), Rotation::Kind::spreading,
                       Random(seed, hash_name("rotate.values")));
}

/// W (g * n + b) + c = (W diag(g)) n + (W b + c): gain becomes 1 and bias 0. `bias` and c are undefined where there is
/// none.
void fold_norm_into(const Tensor& gain, const Tensor& bias, const Tensor& weight, const Tensor& c) {
  const std::int64_t width = weight.dim(1);
  float* w = weight.data<float>();
  for (std::int64_t row = 0; row < weight.dim(0); ++row, w += width) {
    double sum = 0;
    for (std::int64_t j = 0; j < width; ++j) {
      sum += bias.defined() ? static_cast<double>(w[j]) * static_cast<double>(bias.data<float>()[j]) : 0.0;
      w[j] *= gain.data<float>()[j];
    }
    if (c.defined()) {
      c.data<float>()[row] += static_cast<float>(sum);
    }
  }
}

/// One model on its way.
class Rotator {
 public:
  Rotator(Gpt& model, std::uint64_t seed)
      : tensors_(model),
        config_(model.config()),
        layout_{config_.heads, config_.key_value_heads(), config_.head_dim()},
        stream_(stream_rotation(config_, seed)),
        values_(value_rotation(config_, seed)) {
    check_last_norm();
  }

  void run() const {
    for (std::int64_t layer = 0; layer < config_.layers; ++layer) {
      fold_norms(fmt::format("blocks.{}.", layer));
    }
    fold_last_norm();
    for (std::int64_t layer = 0; layer < config_.layers; ++layer) {
      rotate_block(fmt::format("blocks.{}.", layer));
    }
    rotate_ends();
  }

 private:
  void check_last_norm() const {
    const Tensor gain = tensors_.at("norm.gain"), bias = tensors_.find("norm.bias");
    for (std::int64_t j = 0; bias.defined() && j < config_.width; ++j) {
      if (gain.data<float>()[j] == 0.0F && bias.data<float>()[j] != 0.0F) {
        fail(ErrorKind::config, "rotate: expected no gain of 0 beside a bias in the last norm, got one in channel {}",
             j);
      }
    }
  }

  /// The layers that read a norm take its gain and bias.
  void fold_norm(const std::string& norm, const std::vector<std::string>& layers) const {
    const Tensor gain = tensors_.at(norm + ".gain"), bias = tensors_.find(norm + ".bias");
    for (const std::string& layer : layers) {
      if (const Tensor weight = tensors_.find(layer + ".weight"); weight.defined()) {
        fold_norm_into(gain, bias, weight, tensors_.find(layer + ".bias"));
      }
    }
    Tensor ones = gain, zeros = bias;
    ones.fill(1.0F);
    if (zeros.defined()) {
      zeros.fill(0.0F);
    }
  }

  void fold_norms(const std::string& block) const {
    fold_norm(block + "attention_norm", {block + "attention.qkv", block + "attention.gate"});
    fold_norm(block + "mlp_norm", {block + "mlp.gate", block + "mlp.up"});
  }

  /// The head has no bias. g * n + b = g * (n + b / g), so b / g stays in the norm, rotated as what comes out of it.
  void fold_last_norm() const {
    const Tensor gain = tensors_.at("norm.gain"), bias = tensors_.find("norm.bias");
    const Tensor kept = bias.defined() ? bias.clone() : Tensor();
    for (std::int64_t j = 0; bias.defined() && j < config_.width; ++j) {
      const float g = gain.data<float>()[j];
      kept.data<float>()[j] = g == 0.0F ? 0.0F : bias.data<float>()[j] / g;
    }
    fold_norm("norm", {"head"});
    if (bias.defined()) {
      Tensor rotated = bias;
      rotated.copy_from(kept);
      rotate_rows(rotated, stream_);
    }
  }

  void rotate_block(const std::string& block) const {
    for (const char* reader : {"attention.qkv", "attention.gate", "mlp.gate", "mlp.up"}) {
      if (const Tensor weight = tensors_.find(block + reader + ".weight"); weight.defined()) {
        rotate_rows(weight, stream_);
      }
    }
    for (const char* writer : {"attention.output", "mlp.down"}) {
      rotate_outputs(block + writer, 0, config_.width, stream_);
    }
    rotate_outputs(block + "attention.qkv", layout_.query_width() + layout_.kv_width(), layout_.kv_width(), values_);
    rotate_rows(tensors_.at(block + "attention.output.weight"), values_);
  }

  /// Outputs [first, first + count) of a layer.
  void rotate_outputs(const std::string& layer, std::int64_t first, std::int64_t count, const Rotation& by) const {
    rotate_columns(tensors_.at(layer + ".weight"), first, count, by);
    if (const Tensor bias = tensors_.find(layer + ".bias"); bias.defined()) {
      rotate_columns(bias, first, count, by);
    }
  }

  void rotate_ends() const {
    for (const char* table : {"embedding.weight", "positions.weight", "head.weight"}) {
      if (const Tensor rows = tensors_.find(table); rows.defined()) {
        rotate_rows(rows, stream_);
      }
    }
  }

  NamedTensors tensors_;
  const GptConfig& config_;
  HeadLayout layout_;
  Rotation stream_, values_;
};

}  // namespace

void rotate(Gpt& model, const RotateConfig& config) {
  if (model.config().tied_head) {
    fail(ErrorKind::config, "rotate: expected a model whose head is a matrix of its own, got a tied one");
  }
  Rotator(model, config.seed).run();
}

void check_rotatable(const GptConfig& config, const RotateConfig& rotate) {
  if (rotate.folded) {
    stream_rotation(config, 0);
    value_rotation(config, 0);
  }
  if (rotate.down) {
    make_rotation("hidden width", config.hidden, Rotation::Kind::spreading, Random(0));
  }
  if (rotate.keys) {
    value_rotation(config, 0);
  }
}

}  // namespace octet
