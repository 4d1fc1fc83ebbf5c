#pragma once

#include <filesystem>

namespace octet {

/// Opens a file of a folder that Octet writes to, with flags of open(2), and returns its descriptor; it is created
/// where it is missing. A folder may come from somebody else: what stands under the name must be a file of this folder
/// alone, never a link, a file with a second name elsewhere, a pipe or a device. Error (run) where it is one, or cannot
/// be written.
int open_own_file(const std::filesystem::path& path, int flags);

}  // namespace octet
