#pragma once

#include <memory>
#include <string>

#include "base/progress.h"
#include "cli/verbs.h"

namespace octet {

/// Progress on stderr, or nothing with --quiet.
std::unique_ptr<ProgressSink> make_progress(const CommonOptions& common);

/// The line every long command starts with: version, backend, threads, library for FP32 products; with a second line
/// where fewer threads than processors are used.
void print_start(const CommonOptions& common);

/// Writes to stdout; an error where that fails (disk full, closed pipe).
void print(const std::string& text);

}  // namespace octet
