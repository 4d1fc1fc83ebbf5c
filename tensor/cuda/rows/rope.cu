#include "tensor/cuda/language/pack.h"
#include "tensor/cuda/runtime/tables.h"
#include "tensor/kernels/formulas.h"

namespace octet::cuda {
namespace {

constexpr int kRopeThreads = 128;

/// One block for each row. A pair is column i of the first half of a head and column i of the second.
template <int kWidth>
__global__ void rope_kernel(RopeArgs args) {
  const int step = kRopeThreads * kWidth, first_column = static_cast<int>(threadIdx.x) * kWidth;
  const int half = static_cast<int>(args.head_dim / 2), pairs = static_cast<int>(args.rotated / 2);
  const std::int64_t row = blockIdx.x;
  const float* x = args.x + row * args.width;
  float* y = args.y + row * args.width;
  const std::int64_t skipped = args.first_on_device == nullptr ? 0 : *args.first_on_device;
  const std::int64_t angles = (skipped + row % args.time) * half;
  const float* cosine = args.cosine + angles;
  const float* sine = args.sine + angles;
  for (int pair = first_column; pair < pairs; pair += step) {
    const int i = pair % half, column = pair / half * 2 * half + i;
    const auto rotate = [&](float first, float second, float c, float s, float& new_first, float& new_second) {
      const Turned turned = turn(first, second, c, s, args.direction);
      new_first = turned.first;
      new_second = turned.second;
    };
    map_pack<kWidth>(rotate, x + column, x + column + half, cosine + i, sine + i, y + column, y + column + half);
  }
  for (std::int64_t c = args.rotated + first_column; c < args.width; c += step) {
    store(y + c, load<kWidth>(x + c));
  }
}

}  // namespace

void rope(const RopeArgs& args) {
  const std::int64_t rows = args.batch * args.time;
  if (rows == 0) {
    return;
  }
  const bool fours = args.head_dim % 8 == 0 && in_fours(args.width, args.x, args.y, args.cosine, args.sine);
  launch("rope", fours ? rope_kernel<4> : rope_kernel<1>, {dim3(static_cast<unsigned>(rows)), dim3(kRopeThreads)},
         args);
}

}  // namespace octet::cuda
