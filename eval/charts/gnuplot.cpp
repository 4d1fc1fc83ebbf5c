#include "eval/charts/gnuplot.h"

#include <cstdlib>

#include "base/error.h"
#include "base/files/atomic_file.h"
#include "base/files/known_folder.h"
#include "base/files/read_file.h"
#include "eval/charts/child_program.h"

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

/// The picture that gnuplot left, or "" where it left none, or a part.
std::string whole_picture(const fs::path& picture) {
  std::error_code ignored;
  if (!fs::is_regular_file(picture, ignored)) return "";
  std::string text = read_text_file(picture);
  return trimmed(text).ends_with("</svg>") ? text : "";
}

/// Runs the script on a copy of its files in a folder of its own, where gnuplot may be cut off in the middle of a
/// picture.
std::string draw(const fs::path& script, std::chrono::milliseconds limit) {
  const AtomicFolder scratch(fs::path(script).replace_extension(), {});
  for (const char* ending : {".gp", ".dat"}) {
    const fs::path file = fs::path(script).replace_extension(ending);
    std::error_code error;
    fs::copy_file(file, scratch.path() / file.filename(), error);
    if (error && fs::exists(file)) fail(ErrorKind::run, "{}: cannot copy: {}", file.string(), error.message());
  }
  // "./" since gnuplot takes a name that begins with '-' for an option.
  const ChildResult end = run_child({.program = find_program("gnuplot"),
                                     .arguments = {"gnuplot", "-d", "./" + script.filename().string()},
                                     .environment = clean_environment(),
                                     .folder = scratch.path()},
                                    limit);
  const std::string printed = trimmed(end.printed);
  if (!end.succeeded) {
    fail(ErrorKind::run, "{}: gnuplot failed ({}): {}", script.string(), end.how,
         printed.empty() ? "it printed nothing" : printed);
  }
  const fs::path picture = script.filename().replace_extension(".svg");
  std::string text = whole_picture(scratch.path() / picture);
  if (text.empty()) {
    fail(ErrorKind::run, "{}: gnuplot wrote no picture, expected {}{}{}", script.string(), picture.string(),
         printed.empty() ? "" : "; it printed: ", printed);
  }
  return text;
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

  const fs::path picture = fs::path(script).replace_extension(".svg");
  try {
    write_file_atomically(picture, draw(script, limit));
  } catch (const Error&) {
    std::error_code ignored;
    fs::remove(picture, ignored);  // that of an earlier run
    throw;
  }
}

}  // namespace octet
