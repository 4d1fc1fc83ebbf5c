#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace octet {

/// The number of insertions, deletions, substitutions and swaps of neighbours that turn `a` into
/// `b` (optimal string alignment distance).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to `name`, for "did you mean"; nothing when none is close (more than a
/// third of the letters differ). The first of equally near candidates wins.
std::optional<std::string> nearest_name(std::string_view name, const std::vector<std::string>& candidates);

/// At most `count` of the candidates, the nearest first, however far they are. Of a long name only the first letters
/// count, so that a hostile one costs no time.
std::vector<std::string> nearest_names(std::string_view name, const std::vector<std::string>& candidates,
                                       std::size_t count);

}  // namespace octet
