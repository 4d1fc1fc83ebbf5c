#pragma once

#include <chrono>
#include <filesystem>
#include <string>

namespace octet {

/// Whether charts can be drawn by this build on this machine; `reason` says why not.
struct ChartSupport {
  bool available = false;
  std::string reason;
};

/// Looks for gnuplot on the PATH at every call, so that a test (or a user) can take it away.
ChartSupport charts_available();

/// Runs the script NAME.gp in its own folder and checks that it wrote a whole NAME.svg beside itself. An SVG of an
/// earlier run is removed first, so success means a fresh picture. gnuplot is started without a shell and without the
/// settings of the user (GNUTERM, GNUPLOT_LIB, ~/.gnuplot and the like), and killed where it takes longer than `limit`.
/// Errors: capability where charts_available() says no; run where gnuplot fails (with what it printed) or the picture
/// is missing or cut off; interrupted after Ctrl-C.
void run_gnuplot(const std::filesystem::path& script, std::chrono::milliseconds limit = std::chrono::seconds(60));

}  // namespace octet
