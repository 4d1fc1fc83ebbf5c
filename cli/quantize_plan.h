#pragma once

#include "cli/arguments.h"
#include "cli/run_config.h"

namespace octet {

/// `octet quantize --dry-run`: prints what each recipe of the run will store, tensor by tensor, and which tensors it
/// leaves in FP32 and why. Needs the shape of the model alone, trained or not; writes nothing.
void print_quantize_plan(const CommonOptions& common, const Run& run);

}  // namespace octet
