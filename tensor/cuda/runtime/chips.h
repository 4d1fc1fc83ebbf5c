#pragma once

#include <string_view>

namespace octet::cuda {

/// Whether code for `compiled`, as in CMAKE_CUDA_ARCHITECTURES but with commas ("80-real,90-real,120-virtual"), runs on
/// a chip of compute capability `major`.`minor`. Machine code (-real) runs on chips of the same major number and no
/// lower minor one; PTX (-virtual) on every later chip; a number alone is both. Code for one chip (90a) runs there
/// alone. Words (native, all) are taken to fit. Source: CUDA C++ Programming Guide, "Application Compatibility".
bool chip_is_covered(std::string_view compiled, int major, int minor);

}  // namespace octet::cuda
