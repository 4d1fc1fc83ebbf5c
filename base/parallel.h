#pragma once

#include <cstdint>
#include <functional>

namespace octet {

/// Processors this process may run on.
int hardware_threads();

/// Threads that `parallel_for` and FP32 products use: what a parallel region of OpenMP really got when
/// `threads_wanted()` were asked for. They are fewer where OMP_THREAD_LIMIT, OMP_MAX_ACTIVE_LEVELS or the system's own
/// limits say so.
int thread_count();

/// Threads that were asked for: by `set_thread_count`, else OMP_NUM_THREADS, else hardware_threads().
int threads_wanted();

/// Asks for n threads; thread_count() tells how many came. Error (config) unless n is from 1 to 1024. Call it from the
/// main thread, outside parallel loops.
void set_thread_count(int n);

/// Makes the calling thread start OpenMP teams of thread_count(), which OpenMP remembers for each thread by itself.
/// Call it before a library that deals out work by omp_get_max_threads() without a look at how many threads came: what
/// it dealt to the others would stay undone, without an error.
void adopt_thread_count();

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
