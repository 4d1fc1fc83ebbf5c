#pragma once

#include <cstdint>

#include <omp.h>

namespace octet::cpu {
namespace {

/// body(begin, end) for all of [0, n): on this thread, or where it is `worth` waking others in one piece for each. An
/// `if` clause of OpenMP would do the same, but sets up a team of one where it does not hold: half a microsecond, ten
/// times what a few hundred elements take.
template <typename Body>
inline void parallel_ranges(bool worth, std::int64_t n, const Body& body) {
  if (!worth) {
    body(std::int64_t{0}, n);
    return;
  }
#pragma omp parallel
  {
    const std::int64_t thread = omp_get_thread_num(), threads = omp_get_num_threads();
    body(n * thread / threads, n * (thread + 1) / threads);
  }
}

/// body(i) for each i of [0, n), shared out in the same way.
template <typename Body>
inline void parallel_each(bool worth, std::int64_t n, const Body& body) {
  parallel_ranges(worth, n, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      body(i);
    }
  });
}

}  // namespace
}  // namespace octet::cpu
