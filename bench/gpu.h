#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "bench/gpu_document.h"
#include "tensor/cuda/gemm/products.h"

// What the programs that measure a GPU share.

namespace octet::bench {

/// Seconds of one `run`, which starts work on the GPU: the median of 11 times by the host's clock until the work is
/// done, each of so many runs that the clock and the wait do not matter.
double median_seconds(const std::function<void()>& run);

/// Keeps the GPU busy for a second: clocks rise under load.
void warm_up_gpu();

/// "fp32", "tf32" or "bf16" as the value of an option; error (config) otherwise.
cuda::MathMode math_mode_named(const std::string& name);

/// A copy within device memory: {"bytes", "seconds", "read_and_written_gb_per_second"}.
nlohmann::ordered_json measure_copy(std::int64_t bytes);

/// The whole main() of `program`: `measure` fills the document, which begins with the name of the device, by sections;
/// it goes to `file`, or to the standard output where that is empty. Returns the code of the first error, and without a
/// GPU says so and returns 4.
int run_on_gpu(const char* program, const std::string& file, const std::function<void(GpuDocument& document)>& measure);

}  // namespace octet::bench
