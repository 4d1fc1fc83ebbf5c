#include "tensor/cuda/rows/rows.h"
#include "tensor/cuda/runtime/tables.h"

// The logits are the largest tensor of a step, 3.3 GB for 16,384 tokens of GPT-2, and only reading and writing them
// counts. So the loss reads them once, the gradient reads them once and writes them once, and both keep enough of such
// requests under way.

namespace octet::cuda {
namespace {

/// Packs that a thread loads before it uses the first.
constexpr int kInFlight = 4;

/// use(column, pack) for the elements of a row, each once; the pack holds those from this column on. Rows of 50,257
/// elements begin at any multiple of four bytes: up to three elements before the first multiple of 16 bytes come by
/// themselves, and so does what is left behind the last pack of four. Without `fours` all do.
template <int kThreads, typename Use>
__device__ void for_packs(const float* row, std::int64_t columns, bool fours, const Use& use) {
  const auto past = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(row) / sizeof(float) % 4);
  const std::int64_t begin = (4 - past) % 4;
  const std::int64_t packs = fours ? (columns - begin) / 4 : 0;  // 0 of a row that ends before `begin`, too
  for (std::int64_t first = threadIdx.x; first < packs; first += kThreads * kInFlight) {
    Pack<4> loaded[kInFlight] = {};
#pragma unroll
    for (int i = 0; i < kInFlight; ++i) {
      if (const std::int64_t pack = first + i * kThreads; pack < packs) {
        loaded[i] = load<4>(row + begin + 4 * pack);
      }
    }
#pragma unroll
    for (int i = 0; i < kInFlight; ++i) {
      if (const std::int64_t pack = first + i * kThreads; pack < packs) {
        use(begin + 4 * pack, loaded[i]);
      }
    }
  }
  const std::int64_t before = packs > 0 ? begin : 0;
  for (std::int64_t i = threadIdx.x; i < columns - 4 * packs; i += kThreads) {
    const std::int64_t column = i < before ? i : i + 4 * packs;
    use(column, load<1>(row + column));
  }
}

/// sum of exp(x - max) over the elements seen so far. Reading the logits once is what counts: a row does not stay in
/// the caches near the threads.
struct OnlineSum {
  float max = -3.4e38F;  // finite, so that logits of minus infinity add 0 and not NaN
  float sum = 0.0F;

  template <int kWidth>
  __device__ void add(const Pack<kWidth>& x) {
    float greatest = x.at[0];
    for (int i = 1; i < kWidth; ++i) {
      greatest = fmaxf(greatest, x.at[i]);
    }
    if (greatest > max) {
      sum *= expf(max - greatest);
      max = greatest;
    }
    for (int i = 0; i < kWidth; ++i) {
      sum += expf(x.at[i] - max);
    }
  }
};

// nll = log(sum(exp(logits))) - logits[target], the sum taken relative to the largest logit.
template <int kThreads>
__global__ void cross_entropy_kernel(CrossEntropyArgs args) {
  const std::int64_t row = blockIdx.x;
  const float* logits = args.logits + row * args.vocabulary;
  OnlineSum mine;
  for_packs<kThreads>(logits, args.vocabulary, true, [&](std::int64_t, const auto& x) { mine.add(x); });
  const float max = block_max<kThreads>(mine.max);
  const float sum = block_sum<kThreads>(mine.sum * expf(mine.max - max));
  if (threadIdx.x == 0) {
    const float log_sum = max + logf(sum);
    args.nll[row] = log_sum - logits[args.targets[row]];
    if (args.log_sum != nullptr) {
      args.log_sum[row] = log_sum;
    }
  }
}

// dlogits may be the logits: a thread writes only what it has read.
template <int kThreads>
__global__ void cross_entropy_backward_kernel(CrossEntropyBackwardArgs args, bool fours) {
  const std::int64_t row = blockIdx.x, target = args.targets[row];
  float* dlogits = args.dlogits + row * args.vocabulary;
  const float log_sum = args.log_sum[row], scale = args.scale;
  const auto differentiate = [=]<int kWidth>(std::int64_t column, Pack<kWidth> x) {
    for (int i = 0; i < kWidth; ++i) {
      x.at[i] = scale * (expf(x.at[i] - log_sum) - (column + i == target ? 1.0F : 0.0F));
    }
    store(dlogits + column, x);
  };
  for_packs<kThreads>(args.logits + row * args.vocabulary, args.vocabulary, fours, differentiate);
}

}  // namespace

void cross_entropy(const CrossEntropyArgs& args) {
  for_rows(args.rows, args.vocabulary, false, [&](auto shape, Grid grid) {
    launch("cross_entropy", cross_entropy_kernel<decltype(shape)::kThreads>, grid, args);
  });
}

void cross_entropy_backward(const CrossEntropyBackwardArgs& args) {
  // A pack is stored at once where its elements lie alike in both.
  const auto position = [](const float* x) { return reinterpret_cast<std::uintptr_t>(x) % sizeof(Pack<4>); };
  const bool fours = position(args.logits) == position(args.dlogits);
  for_rows(args.rows, args.vocabulary, false, [&](auto shape, Grid grid) {
    launch("cross_entropy_backward", cross_entropy_backward_kernel<decltype(shape)::kThreads>, grid, args, fours);
  });
}

}  // namespace octet::cuda
