#pragma once

#include <string_view>

namespace octet {

/// Whether `body`, what stands between `<svg ...>` and the end of a picture, consists of shapes and texts alone, as
/// gnuplot draws them: elements of a short list, attributes that are no event handlers, references to parts of the
/// picture itself. A picture may come from somebody else's run folder, and in a page a script, a style sheet, a link or
/// a foreign object in it would have the rights of the page.
bool is_plain_svg(std::string_view body);

}  // namespace octet
