#pragma once

#include <cstddef>
#include <cstdio>

namespace octet {

/// Columns of the terminal behind `out`; 80 where there is none or it does not say.
std::size_t terminal_columns(std::FILE* out);

/// Whether what is written to `out` may have colours: a terminal that knows them, and no NO_COLOR in the environment
/// (https://no-color.org).
bool terminal_has_colours(std::FILE* out);

}  // namespace octet
