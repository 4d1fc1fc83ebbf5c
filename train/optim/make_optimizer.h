#pragma once

#include <array>
#include <memory>

#include "base/config/field.h"
#include "nn/layers/module.h"
#include "train/optim/adamw.h"
#include "train/optim/muon.h"

namespace octet {

enum class OptimizerKind {
  muon,  ///< hidden matrices by Muon, the rest by AdamW
  adamw  ///< everything by AdamW
};

template <>
inline constexpr auto enum_names<OptimizerKind> =
    std::to_array<EnumName<OptimizerKind>>({{OptimizerKind::muon, "muon"}, {OptimizerKind::adamw, "adamw"}});

struct OptimizerConfig {
  OptimizerKind kind = OptimizerKind::muon;
  MuonConfig muon;
  AdamWConfig adamw;

  template <class V>
  void visit(V& v) {
    v("kind", kind);
    v("muon", muon);
    v("adamw", adamw);
  }
};

/// True for the matrices inside blocks. Muon is for them alone: rows of an embedding or a head belong to tokens, each
/// with a gradient of its own, so a matrix of them has no directions to even out.
bool is_hidden_matrix(const Module::NamedParameter& entry);

/// An optimizer over all parameters of the model; each is updated by exactly one rule.
std::unique_ptr<Optimizer> make_optimizer(Module& model, const OptimizerConfig& config);

}  // namespace octet
