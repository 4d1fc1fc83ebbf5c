#pragma once

#include "base/files/known_folder.h"
#include "cli/run_config.h"

// The folder of a run as a whole: whether it is ours to write to, and nobody else's at the moment.

namespace octet {

/// Checks before any work that a run may write its folder, and that nothing that is not Octet's would be lost by it;
/// the same of the folders of its other seeds. Creates nothing. Errors: (run) it, or the folder it would be created in,
/// cannot be written; `quantized/NAME` holds other files than those of a quantized model; (config) something stands
/// where a run writes, in a folder that no run has made; it is the folder of an entropy lab.
void check_run_folder(const Run& run);

/// Error (run) where `folder`, or the folder it would be created in, cannot be written: before work whose result would
/// be lost.
void check_writable(const std::filesystem::path& folder);

/// The same of the folder that `out`, a file or another folder, is to appear in.
void check_place_of(const std::filesystem::path& out);

/// The same of any folder that Octet works in: that it, or the folder it would be created in, can be written (run), and
/// that nothing of something else stands where a run writes (config).
void check_folder(const std::filesystem::path& folder);

/// Takes the lock of the run folder, creating it where it is missing, and clears what killed processes left there. Held
/// until `run` goes; a second call does nothing. Error (run) where another process holds it.
void lock_run(Run& run);

/// lock_run where the folder is there already: so that a second process hears of the first at once, and one that is
/// refused for another reason creates no folder.
void lock_existing_run(Run& run);

/// The files of quantized/NAME.
const FileNames& quantized_files();

}  // namespace octet
