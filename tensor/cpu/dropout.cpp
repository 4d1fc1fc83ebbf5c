#include "base/parallel.h"
#include "base/random.h"
#include "tensor/cpu/tables.h"

namespace octet::cpu {

void dropout(const DropoutArgs& args) {
  constexpr std::int64_t kGrain = 8192;
  const Random random(args.seed, args.stream);
  const float kept = 1.0F / (1.0F - args.probability);
  parallel_for(args.count, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      args.y[i] = random.uniform(static_cast<std::uint64_t>(i)) < args.probability ? 0.0F : args.x[i] * kept;
    }
  });
}

}  // namespace octet::cpu
