#pragma once

#include <cstdint>

namespace octet::cuda {

/// Products of int8 activations use tensor cores from this many rows on (few_rows_mma.h), and dp4a below (few_rows.h).
/// 3 by arithmetic: dp4a is then bound by its instructions, not by the bytes of the weight. The environment variable
/// OCTET_MMA_ROWS chooses another number, 1 for always and 17 for never, so that a GPU can time both ways. Errors: the
/// variable is set, but to no number from 1 to 17.
std::int64_t& mma_rows();

}  // namespace octet::cuda
