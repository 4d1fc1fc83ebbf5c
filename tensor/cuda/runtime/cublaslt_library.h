#pragma once

#include <string>

namespace octet::cuda {

/// Opens cuBLASLt. What is wrong where that fails, as a sentence without its full stop; else empty.
std::string missing_cublaslt();

}  // namespace octet::cuda
