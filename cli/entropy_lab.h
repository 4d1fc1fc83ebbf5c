#pragma once

#include "cli/entropy_lab_config.h"

namespace octet {

/// Writes the text of each source, runs all stages on it, and measures the models beside the source: entropy.json,
/// entropy.md, entropy.html. What is there of an earlier try goes on.
void entropy_lab_verb(const CommonOptions& common, const EntropyLabRun& lab);

/// Checks all that can be checked without running.
void validate_entropy_lab(const EntropyLabRun& lab);

}  // namespace octet
