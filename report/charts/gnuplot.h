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

/// Runs the script NAME.gp and puts the picture NAME.svg that it draws beside it, whole or not at all: gnuplot works on
/// copies of NAME.gp and NAME.dat in a temporary folder. It is started without a shell and without the settings of the
/// user (GNUTERM, GNUPLOT_LIB, ~/.gnuplot and the like), and killed where it takes longer than `limit`. Where it fails,
/// the picture of an earlier run is removed. Errors: capability where charts_available() says no; run where gnuplot
/// fails (with what it printed) or the picture is missing or cut off; interrupted after Ctrl-C.
void run_gnuplot(const std::filesystem::path& script, std::chrono::milliseconds limit = std::chrono::seconds(60));

/// Runs `text`, a form of the script NAME.gp, in the same way on NAME.dat and returns the file `output` that it wrote.
/// Errors: the same.
std::string gnuplot_output(const std::filesystem::path& script, const std::string& text, const std::string& output,
                           std::chrono::milliseconds limit = std::chrono::seconds(60));

/// The first number of gnuplot's version: 5 of 5.4. Errors: capability where there is none; run where it does not say.
int gnuplot_version();

}  // namespace octet
