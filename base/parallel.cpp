#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <latch>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include <omp.h>

#include "base/error.h"

namespace octet {
namespace {

/// How many of n threads the system lets this process have at once. OpenMP does not ask: it ends the process.
int startable_threads(int n) {
  std::latch all_started(1);
  std::vector<std::jthread> started;
  try {
    while (static_cast<int>(started.size()) < n - 1) {
      started.emplace_back([&] { all_started.wait(); });
    }
  } catch (const std::system_error&) {  // n is smaller then
  }
  all_started.count_down();
  return static_cast<int>(started.size()) + 1;
}

/// Sets what OpenMP keeps for each thread that starts teams. A team that may shrink with the load of the machine
/// (OMP_DYNAMIC) cannot be counted on.
void set_team_size(int n) {
  omp_set_dynamic(0);
  omp_set_num_threads(n);
}

/// Threads that a parallel region gets where n are asked for; the calling thread asks for as many from now on.
int grant_team(int n) {
  set_team_size(startable_threads(n));
  int team = 1;
#pragma omp parallel
#pragma omp single
  team = omp_get_num_threads();
  set_team_size(team);
  return team;
}

struct TeamSize {
  std::atomic<int> wanted = 1, granted = 1;

  explicit TeamSize(int n) { set(n); }

  void set(int n) {
    wanted = n;
    if (omp_in_parallel()) {  // a region inside another tells nothing
      std::jthread([&] { granted = grant_team(n); });
    } else {
      granted = grant_team(n);
    }
  }
};

TeamSize& team_size() {
  static TeamSize size(omp_get_max_threads());
  return size;
}

thread_local bool inside_loop = false;

/// One running parallel loop, shared by its threads.
class Loop {
 public:
  Loop(std::int64_t n, std::int64_t grain, const std::function<void(std::int64_t, std::int64_t)>& body)
      : n_(n), grain_(grain), chunks_((n - 1) / grain + 1), failed_chunk_(chunks_), body_(body) {}

  std::int64_t chunks() const { return chunks_; }

  /// Runs chunks until none is left; each thread of the team calls this once.
  void work() {
    inside_loop = true;
    for (std::int64_t chunk; (chunk = next_.fetch_add(1)) < chunks_;) {
      try {
        run(chunk);
      } catch (...) {
        keep_exception(chunk);
      }
    }
    inside_loop = false;
  }

  void run(std::int64_t chunk) const {
    const std::int64_t begin = chunk * grain_;
    body_(begin, begin + std::min(grain_, n_ - begin));
  }

  void rethrow() const {
    if (exception_) {
      std::rethrow_exception(exception_);
    }
  }

 private:
  /// Chunks are handed out in order, so each one before a failed one has begun and will still
  /// report its own failure: the lowest kept is the lowest that exists.
  void keep_exception(std::int64_t chunk) {
    next_ = chunks_;
    const std::lock_guard lock(mutex_);
    if (chunk < failed_chunk_) {
      failed_chunk_ = chunk;
      exception_ = std::current_exception();
    }
  }

  std::int64_t n_;
  std::int64_t grain_;
  std::int64_t chunks_;
  std::int64_t failed_chunk_;
  const std::function<void(std::int64_t, std::int64_t)>& body_;
  std::atomic<std::int64_t> next_ = 0;
  std::mutex mutex_;
  std::exception_ptr exception_;
};

/// OpenMP, because oneDNN's products then share the same threads. The thread sanitizer does not
/// know the barriers inside OpenMP's runtime and would report every loop, so its build starts plain
/// threads instead.
void run_team(Loop& loop, int threads) {
#ifdef __SANITIZE_THREAD__
  std::vector<std::jthread> team;
  for (int i = 1; i < threads; ++i) {
    team.emplace_back([&loop] { loop.work(); });
  }
  loop.work();
#else
#pragma omp parallel num_threads(threads)
  loop.work();
#endif
}

}  // namespace

int hardware_threads() {
  return omp_get_num_procs();
}

int thread_count() {
  return team_size().granted;
}

int threads_wanted() {
  return team_size().wanted;
}

void set_thread_count(int n) {
  constexpr int kMostThreads = 1024;
  if (n < 1 || n > kMostThreads) {
    fail(ErrorKind::config, "[threads] expected a number of threads from 1 to {}, got {}", kMostThreads, n);
  }
  team_size().set(n);
}

void adopt_thread_count() {
  const int n = thread_count();
  if (omp_get_max_threads() != n || omp_get_dynamic() != 0) {
    set_team_size(n);
  }
}

namespace detail {

void run_chunks(std::int64_t n, std::int64_t grain, const std::function<void(std::int64_t, std::int64_t)>& body) {
  check(grain >= 1, "[parallel_for] expected a grain of at least 1, got {}", grain);
  if (n <= 0) {
    return;
  }
  Loop loop(n, grain, body);
  const auto threads = static_cast<int>(std::min<std::int64_t>(thread_count(), loop.chunks()));
  if (threads == 1 || inside_loop || omp_in_parallel()) {
    for (std::int64_t chunk = 0; chunk < loop.chunks(); ++chunk) {
      loop.run(chunk);
    }
    return;
  }
  run_team(loop, threads);
  loop.rethrow();
}

}  // namespace detail
}  // namespace octet
