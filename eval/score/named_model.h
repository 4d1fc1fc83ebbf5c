#pragma once

#include <string>

#include "eval/score/evaluator.h"
#include "nn/gpt.h"

namespace octet {

/// A model among those that are compared. The first of a list is the FP32 baseline.
struct NamedModel {
  std::string name;      ///< "fp32", "int4-g64"
  Gpt* model = nullptr;  ///< not owned

  EvaluatedModel evaluated() const {
    return {name, [model = model](const Tensor& ids) { return model->forward(ids); }};
  }
};

}  // namespace octet
