#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "report/charts/charts.h"

namespace octet {

/// What `draw` returns; or nothing, and a notice "WHAT was left out: why" where it fails, so that one chart that cannot
/// be drawn costs neither the others nor the numbers. Error (interrupted) after Ctrl-C.
std::optional<Chart> try_to_draw(const std::string& what, const std::function<Chart()>& draw,
                                 std::vector<std::string>& notices);

}  // namespace octet
