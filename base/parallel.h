#pragma once

#include <cstdint>
#include <functional>

namespace octet {

/// Processors this process may run on.
int hardware_threads();

/// Threads that `parallel_for` and FP32 products use. At first OMP_NUM_THREADS, or
/// hardware_threads().
int thread_count();

/// Error (config) when n < 1. Call it from the main thread, outside parallel loops.
void set_thread_count(int n);

namespace detail {
void run_chunks(std::int64_t n, std::int64_t grain, const std::function<void(std::int64_t, std::int64_t)>& body);
}

/// Calls body(begin, end) for the chunks [0, grain), [grain, 2 grain), ... of [0, n), in parallel.
///
/// The chunks depend on n and grain alone, never on the number of threads: a sum that keeps one
/// partial result per chunk (number `begin / grain`) and adds them in order is the same for any
/// thread count. Chunks run in increasing order on one thread when there is only one chunk, one
/// thread, or when called from inside another parallel loop. If chunks throw, the loop starts no
/// new ones, and the exception of the first of them in chunk order is rethrown here. Error when
/// grain < 1.
template <typename Body>
void parallel_for(std::int64_t n, std::int64_t grain, Body&& body) {
  detail::run_chunks(n, grain, std::ref(body));
}

}  // namespace octet
