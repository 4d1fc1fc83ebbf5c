#pragma once

#include "tensor/kernels/packed_codes.h"

namespace octet::cuda {

/// An error naming `name` where kernels could not tell the group of a step (group_steps.h): its number times the steps
/// of a group must stay below 2^31, which every K up to 185,000 keeps, whatever its groups.
void check_layout(const char* name, const CodeLayout& layout);

}  // namespace octet::cuda
