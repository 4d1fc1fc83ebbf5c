#include "report/charts/try_to_draw.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/failure_text.h"

namespace octet {

std::optional<Chart> try_to_draw(const std::string& what, const std::function<Chart()>& draw,
                                 std::vector<std::string>& notices) {
  try {
    return draw();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    notices.push_back(fmt::format("{} was left out: {}", what, error.what()));
  } catch (const std::exception& failure) {  // out of memory, or of the standard library
    notices.push_back(fmt::format("{} was left out: {}", what, failure_text(failure)));
  }
  return std::nullopt;
}

}  // namespace octet
