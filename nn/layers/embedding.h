#pragma once

#include <functional>

#include "nn/layers/layer_input.h"
#include "nn/layers/module.h"

namespace octet {

/// A table of token vectors that can also serve as the output head (tied weights).
class EmbeddingBase : public Module {
 public:
  /// ids (...) of i32 -> (..., C).
  virtual Tensor lookup(const Tensor& ids) = 0;
  /// The tied head: x (..., C) -> logits (..., V) = x table^T.
  Tensor project(const LayerInput& input) {
    if (observer) {
      observer(input.x);
    }
    return project_rows(input);
  }
  /// Which codes of its input project() multiplies; none where it reads floats.
  virtual std::optional<CodeScheme> input_codes() const { return {}; }
  virtual std::int64_t vocabulary() const = 0;
  virtual std::int64_t width() const = 0;

  /// Where set, sees every input of project(), as LinearBase::observer.
  std::function<void(const Tensor& x)> observer;

 protected:
  virtual Tensor project_rows(const LayerInput& input) = 0;
};

/// The FP32 table: weight (V, C).
class Embedding : public EmbeddingBase {
 public:
  Embedding(std::int64_t vocabulary, std::int64_t width);

  Tensor lookup(const Tensor& ids) override;
  std::int64_t vocabulary() const override { return weight.value().dim(0); }
  std::int64_t width() const override { return weight.value().dim(1); }

  Parameter weight;

 protected:
  Tensor project_rows(const LayerInput& input) override;
};

/// Learned vectors of positions: weight (T, C). Not an EmbeddingBase: passes over token tables must not mistake it for
/// one.
class PositionTable : public Module {
 public:
  PositionTable(std::int64_t context, std::int64_t width);

  /// Rows [first, first + count): (count, C).
  Tensor operator()(std::int64_t first, std::int64_t count);

  Parameter weight;
};

}  // namespace octet
