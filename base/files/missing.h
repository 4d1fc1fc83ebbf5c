#pragma once

#include <filesystem>
#include <string_view>

#include "base/error.h"

namespace octet {

/// The one wording for a path that leads nowhere: "PATH: expected the folder of a run, found nothing there". `hint`
/// follows behind it, where there is one: "; octet train makes it".
[[noreturn]] void fail_missing(ErrorKind kind, const std::filesystem::path& path, std::string_view expected,
                               std::string_view hint = "");

}  // namespace octet
