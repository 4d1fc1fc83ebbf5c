#include "eval/speed/machine_limits.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <memory>

#include <unistd.h>

#include "base/error.h"
#include "base/parallel.h"
#include "eval/speed/device_limits.h"
#include "eval/speed/short_runs.h"
#include "tensor/backend.h"

namespace octet {
namespace {

constexpr std::int64_t kMiB = 1 << 20;
constexpr std::int64_t kChainSteps = 1024;

/// Calls body(thread) on every thread at once.
void on_every_thread(const std::function<void(std::int64_t)>& body) {
  parallel_for(thread_count(), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t thread = begin; thread < end; ++thread) {
      body(thread);
    }
  });
}

/// 1e9 operations per second of a chain on every thread.
double peak_of(ProbeResult (*chain)(std::int64_t steps)) {
  const double operations = static_cast<double>(chain(kChainSteps).operations);
  const double seconds =
      seconds_per_time([&](std::int64_t times) { on_every_thread([&](std::int64_t) { chain(times * kChainSteps); }); });
  return operations * thread_count() / seconds / 1e9;
}

std::int64_t round_up(std::int64_t value, std::int64_t step) {
  return (value + step - 1) / step * step;
}

/// Memory that goes back to the system, unlike that of tensors, which is kept for the next one.
using Memory = std::unique_ptr<std::byte[], decltype(&std::free)>;

/// A part for each thread, which touches it first, so that its pages lie where that thread runs.
class ReadBuffer {
 public:
  explicit ReadBuffer(std::int64_t bytes)
      : part_(round_up((bytes + thread_count() - 1) / thread_count(), kProbeBlock)),
        memory_(static_cast<std::byte*>(std::aligned_alloc(kProbeBlock, static_cast<std::size_t>(size()))),
                &std::free) {
    check(memory_ != nullptr, "[machine_limits] expected {} bytes of free memory, the system has none left", size());
    on_every_thread([this](std::int64_t thread) { std::fill_n(part(thread), part_, std::byte{1}); });
  }

  std::int64_t size() const { return part_ * thread_count(); }
  void read(std::int64_t passes) const {
    on_every_thread([this, passes](std::int64_t thread) {
      for (std::int64_t pass = 0; pass < passes; ++pass) {
        kernels().read(part(thread), part_);
      }
    });
  }

 private:
  std::byte* part(std::int64_t thread) const { return memory_.get() + thread * part_; }

  std::int64_t part_;
  Memory memory_;
};

}  // namespace

double measure_peak_fp32_gflops(DeviceKind device) {
  return device == DeviceKind::cpu ? peak_of(kernels().fp32_chain) : device_peak_fp32_gflops(device);
}

double measure_peak_int8_gops(DeviceKind device) {
  return device == DeviceKind::cpu ? peak_of(kernels().int8_chain) : device_peak_int8_gops(device);
}

std::int64_t out_of_cache_bytes() {
  std::int64_t cache = 0;
#ifdef _SC_LEVEL3_CACHE_SIZE
  cache = std::max<std::int64_t>(cache, ::sysconf(_SC_LEVEL3_CACHE_SIZE));
#endif
  const std::int64_t free_memory = static_cast<std::int64_t>(::sysconf(_SC_AVPHYS_PAGES)) * ::sysconf(_SC_PAGESIZE);
  return std::clamp(std::max(256 * kMiB, 2 * cache), kMiB, std::max(kMiB, free_memory / 4));
}

double measure_read_gbps(std::int64_t bytes, DeviceKind device) {
  if (bytes < 1) {
    fail(ErrorKind::config, "[machine_limits] expected at least 1 byte to read, got {}", bytes);
  }
  if (device != DeviceKind::cpu) {
    return device_read_gbps(device);
  }
  const ReadBuffer buffer(std::min(bytes, out_of_cache_bytes()));
  const double seconds = seconds_per_time([&](std::int64_t passes) { buffer.read(passes); });
  return static_cast<double>(buffer.size()) / seconds / 1e9;
}

MachineLimits measure_machine_limits(DeviceKind device) {
  return {.peak_fp32_gflops = measure_peak_fp32_gflops(device),
          .peak_int8_gops = measure_peak_int8_gops(device),
          .read_gbps = measure_read_gbps(out_of_cache_bytes(), device),
          .threads = thread_count(),
          .isa = std::string(active_backend(device).description),
          .backend = std::string(active_backend(device).name)};
}

}  // namespace octet
