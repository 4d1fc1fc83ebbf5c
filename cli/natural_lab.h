#pragma once

#include "cli/natural_lab_config.h"

namespace octet {

/// Trains, quantizes and evaluates the model once for each variant, and looks for the outliers that it grew:
/// natural-outliers.json, .md and .html. What is there of an earlier try goes on.
void natural_lab_verb(const CommonOptions& common, const NaturalLabRun& lab);

/// Checks all that can be checked without running.
void validate_natural_lab(const NaturalLabRun& lab);

}  // namespace octet
