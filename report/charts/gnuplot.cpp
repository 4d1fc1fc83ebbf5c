#include "report/charts/gnuplot.h"

#include <cstdio>
#include <cstdlib>

#include "base/error.h"
#include "base/files/atomic_file.h"
#include "base/files/known_folder.h"
#include "base/files/read_file.h"
#include "report/charts/child_program.h"

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

/// The file that gnuplot left, or "" where it left none.
std::string text_of(const fs::path& file) {
  std::error_code ignored;
  return fs::is_regular_file(file, ignored) ? read_text_file(file) : "";
}

/// Runs `text` as the script, on a copy of its numbers in a folder of its own, where gnuplot may be cut off in the
/// middle of a picture. Returns the file `output` that it wrote.
std::string draw(const fs::path& script, const std::string& text, const fs::path& output,
                 std::chrono::milliseconds limit) {
  const AtomicFolder scratch(fs::path(script).replace_extension(), {});
  const fs::path numbers = fs::path(script).replace_extension(".dat");
  write_file_atomically(scratch.path() / script.filename(), text);
  std::error_code error;
  fs::copy_file(numbers, scratch.path() / numbers.filename(), error);
  if (error && fs::exists(numbers)) fail(ErrorKind::run, "{}: cannot copy: {}", numbers.string(), error.message());
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
  std::string drawn = text_of(scratch.path() / output);
  if (drawn.empty() || (output.extension() == ".svg" && !trimmed(drawn).ends_with("</svg>"))) {
    fail(ErrorKind::run, "{}: gnuplot wrote no picture, expected {}{}{}", script.string(), output.string(),
         printed.empty() ? "" : "; it printed: ", printed);
  }
  return drawn;
}

void require_gnuplot() {
  const ChartSupport support = charts_available();
  if (!support.available) fail(ErrorKind::capability, "[gnuplot] {}", support.reason);
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
  require_gnuplot();
  const fs::path picture = fs::path(script).replace_extension(".svg");
  try {
    write_file_atomically(picture, draw(script, read_text_file(script), picture.filename(), limit));
  } catch (const Error&) {
    std::error_code ignored;
    fs::remove(picture, ignored);  // that of an earlier run
    throw;
  }
}

std::string gnuplot_output(const fs::path& script, const std::string& text, const std::string& output,
                           std::chrono::milliseconds limit) {
  require_gnuplot();
  return draw(script, text, output, limit);
}

int gnuplot_version() {
  require_gnuplot();
  const ChildResult end = run_child({.program = find_program("gnuplot"),
                                     .arguments = {"gnuplot", "--version"},
                                     .environment = clean_environment(),
                                     .folder = "/"},
                                    std::chrono::seconds(20));
  int version = 0;
  if (!end.succeeded || std::sscanf(end.printed.c_str(), "gnuplot %d", &version) != 1) {
    fail(ErrorKind::run, "gnuplot --version: expected \"gnuplot\" and a number, got {}: {}", end.how,
         trimmed(end.printed));
  }
  return version;
}

}  // namespace octet
