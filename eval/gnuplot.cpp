#include "eval/gnuplot.h"

#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "eval/child_program.h"

namespace octet {

namespace fs = std::filesystem;

namespace {

/// All that gnuplot needs to know: where things are and how text is encoded. GNUTERM is where its start-up looks for a
/// terminal, which must not depend on a display.
std::vector<std::string> clean_environment() {
  std::vector<std::string> environment = {"LC_ALL=C.UTF-8", "GNUTERM=svg"};
  for (const char* name : {"PATH", "HOME", "LD_LIBRARY_PATH"}) {
    if (const char* value = std::getenv(name)) environment.push_back(std::string(name) + "=" + value);
  }
  return environment;
}

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \n\t");
  const std::size_t last = text.find_last_not_of(" \n\t");
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

bool is_whole_picture(const fs::path& picture) {
  std::error_code ignored;
  return fs::is_regular_file(picture, ignored) && trimmed(read_text_file(picture)).ends_with("</svg>");
}

}  // namespace

ChartSupport charts_available() {
#ifdef OCTET_HAVE_CHARTS
  if (!find_program("gnuplot").empty()) return {true, ""};
  return {false, "gnuplot is not installed or not on the PATH (Debian: gnuplot-nox)"};
#else
  return {false, "this build has no charts: OCTET_CHARTS was off"};
#endif
}

void run_gnuplot(const fs::path& script, std::chrono::milliseconds limit) {
  const ChartSupport support = charts_available();
  if (!support.available) fail(ErrorKind::capability, "[gnuplot] {}", support.reason);

  const fs::path folder = script.has_parent_path() ? script.parent_path() : fs::path(".");
  const fs::path picture = fs::path(script).replace_extension(".svg");
  std::error_code ignored;
  fs::remove(picture, ignored);
  // "./" since gnuplot takes a name that begins with '-' for an option.
  const ChildResult end = run_child({.program = find_program("gnuplot"),
                                     .arguments = {"gnuplot", "-d", "./" + script.filename().string()},
                                     .environment = clean_environment(),
                                     .folder = folder},
                                    limit);
  const std::string printed = trimmed(end.printed);
  if (!end.succeeded) {
    fs::remove(picture, ignored);
    fail(ErrorKind::run, "{}: gnuplot failed ({}): {}", script.string(), end.how,
         printed.empty() ? "it printed nothing" : printed);
  }
  if (!is_whole_picture(picture)) {
    fs::remove(picture, ignored);
    fail(ErrorKind::run, "{}: gnuplot wrote no picture, expected {}{}{}", script.string(), picture.string(),
         printed.empty() ? "" : "; it printed: ", printed);
  }
}

}  // namespace octet
