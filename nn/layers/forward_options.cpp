#include "nn/layers/forward_options.h"

#include "base/random.h"
#include "tensor/ops/dropout.h"

namespace octet {

bool drops(double probability, const ForwardOptions& options) {
  return options.training && probability > 0.0;
}

Tensor apply_dropout(const Tensor& x, double probability, const ForwardOptions& options, const std::string& site) {
  if (!drops(probability, options)) {
    return x;
  }
  return dropout(x, static_cast<float>(probability), options.dropout_seed, hash_name(site));
}

}  // namespace octet
