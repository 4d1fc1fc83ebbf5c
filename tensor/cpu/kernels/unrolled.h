#pragma once

/// For lambdas that must not become calls.
#define OCTET_INLINE __attribute__((always_inline))

namespace octet::cpu {
namespace {

/// A number known to the compiler, as an argument.
template <int I>
struct Index {
  constexpr operator int() const { return I; }
};

/// body(0), body(1), ... body(N - 1) without a loop: the compiler sees each index as a constant before it decides what
/// lives in registers. After `#pragma GCC unroll` it is too late: arrays of sums are then copied to memory at every
/// step.
template <int N, typename Body>
[[gnu::always_inline]] inline void unrolled(Body&& body) {
  if constexpr (N > 0) {
    unrolled<N - 1>(body);
    body(Index<N - 1>());
  }
}

}  // namespace
}  // namespace octet::cpu
