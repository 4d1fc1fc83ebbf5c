#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>

// What the programs that measure a GPU share.

namespace octet::bench {

/// Seconds of one `run`, which starts work on the GPU: the median of 11 times by the host's clock until the work is
/// done, each of so many runs that the clock and the wait do not matter.
double median_seconds(const std::function<void()>& run);

/// Keeps the GPU busy for a second: clocks rise under load.
void warm_up_gpu();

/// A copy within device memory: {"bytes", "seconds", "read_and_written_gb_per_second"}.
nlohmann::ordered_json measure_copy(std::int64_t bytes);

/// The whole main() of `program`: prints the document that `measure` makes, behind the name of the device. Without a
/// GPU, or where `measure` throws, it says so and returns the code of the error.
int run_on_gpu(const char* program, const std::function<void(nlohmann::ordered_json& document)>& measure);

}  // namespace octet::bench
