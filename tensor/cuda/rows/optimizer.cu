#include "tensor/cuda/rows/map.h"
#include "tensor/cuda/runtime/tables.h"
#include "tensor/kernels/formulas.h"

namespace octet::cuda {

void adamw(const AdamWArgs& args) {
  const AdamWStep step = adamw_step(args);
  const auto update = [step] __device__(float grad, float old_m, float old_v, float old_weight, float& m, float& v,
                                        float& weight) {
    m = old_m;
    v = old_v;
    weight = old_weight;
    adamw_update(step, grad, m, v, weight);
  };
  const float *old_m = args.first_moment, *old_v = args.second_moment, *old_weight = args.weight;
  map("adamw", args.count, update, args.grad, old_m, old_v, old_weight, args.first_moment, args.second_moment,
      args.weight);
}

}  // namespace octet::cuda
