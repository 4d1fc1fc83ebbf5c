#pragma once

#include <cstddef>
#include <cstdio>

namespace octet {

/// How wide output to `out` should be: COLUMNS of the environment, else the columns of the terminal behind it, else 80.
std::size_t terminal_columns(std::FILE* out);

/// Whether what is written to `out` may have colours: a terminal that knows them, and no NO_COLOR in the environment
/// (https://no-color.org).
bool terminal_has_colours(std::FILE* out);

}  // namespace octet
