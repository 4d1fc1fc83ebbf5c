#pragma once

#include <filesystem>
#include <string>

namespace octet {

// The configuration that a run keeps, config.yaml in its folder, has every key. Of a file that was cut each half is a
// valid one too, in which defaults stand for what is gone. So its first line says that there is a last one:
//
//     # Written by Octet, up to the line "# end"
//     name: demo
//     ...
//     # end
//
// Files without the first line are taken as they are: those of users, and of runs of before.

/// The YAML text between both lines.
std::string stored_config(const std::string& yaml);

/// Error (config) where the file has the first line and not the last.
void check_whole_config(const std::filesystem::path& file);

}  // namespace octet
