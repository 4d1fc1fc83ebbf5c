#pragma once

namespace octet {

/// What FP32 products reach on this machine with the active backend and number of threads, in FLOP/s: the best of
/// several products of 1024 x 1024 matrices, counting 2 M N K each. Takes a fraction of a second. Speeds of training
/// are given as a share of it.
double measure_peak_flops();

}  // namespace octet
