#include "nn/layers/forward_options.h"

#include "base/random.h"
#include "tensor/ops/dropout.h"

namespace octet {

Tensor apply_dropout(const Tensor& x, double probability, const ForwardOptions& options, const std::string& site) {
  if (!options.training || probability == 0.0) {
    return x;
  }
  return dropout(x, static_cast<float>(probability), options.dropout_seed, hash_name(site));
}

}  // namespace octet
