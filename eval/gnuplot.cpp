// The only file that includes gnuplot-iostream.h: the header takes seconds to compile.
#include "eval/gnuplot.h"

#ifdef OCTET_HAVE_CHARTS
#include <ctime>

#include <gnuplot-iostream.h>
#include <signal.h>
#include <unistd.h>
#endif

#include <cstdlib>
#include <sstream>

#include "base/error.h"
#include "base/file.h"

namespace octet {

namespace fs = std::filesystem;

#ifndef OCTET_HAVE_CHARTS

ChartSupport charts_available() {
  return {false,
          "this build has no charts: gnuplot-iostream was not found or OCTET_CHARTS was off "
          "(Debian: libgnuplot-iostream-dev libboost-iostreams-dev)"};
}

void run_gnuplot(const fs::path&) {
  fail(ErrorKind::capability, "[gnuplot] {}", charts_available().reason);
}

#else

namespace {

bool is_on_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    const fs::path candidate = fs::path(folder.empty() ? "." : folder) / program;
    if (fs::is_regular_file(candidate) && access(candidate.c_str(), X_OK) == 0) return true;
  }
  return false;
}

/// Writing to a gnuplot that has died raises SIGPIPE, which would end the process. This guard
/// blocks the signal in the calling thread and, at the end, takes away one that arrived meanwhile;
/// the handlers of the process stay as they are.
class SigpipeGuard {
 public:
  SigpipeGuard() {
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  ~SigpipeGuard() {
    const timespec no_wait{};
    if (!was_pending_) sigtimedwait(&sigpipe_, nullptr, &no_wait);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SigpipeGuard(const SigpipeGuard&) = delete;
  SigpipeGuard& operator=(const SigpipeGuard&) = delete;

 private:
  sigset_t sigpipe_;
  sigset_t before_;
  bool was_pending_;
};

std::string shell_quote(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

/// What gnuplot printed, and its exit status, which the shell wrote as the last line of the log.
struct GnuplotLog {
  std::string printed;
  bool succeeded = false;
};

GnuplotLog split_log(std::string log) {
  while (!log.empty() && log.back() == '\n') log.pop_back();
  const std::size_t last_line = log.find_last_of('\n') + 1;  // npos + 1 == 0
  const std::string status = log.substr(last_line);
  log.erase(last_line);
  const std::size_t first = log.find_first_not_of(" \n\t");
  const std::size_t last = log.find_last_not_of(" \n\t");
  return {first == std::string::npos ? "" : log.substr(first, last - first + 1), status == "0"};
}

}  // namespace

ChartSupport charts_available() {
  if (is_on_path("gnuplot")) return {true, ""};
  return {false, "gnuplot is not installed or not on the PATH (Debian: gnuplot-nox)"};
}

void run_gnuplot(const fs::path& script) {
  const ChartSupport support = charts_available();
  if (!support.available) fail(ErrorKind::capability, "[gnuplot] {}", support.reason);

  const fs::path folder = script.has_parent_path() ? script.parent_path() : fs::path(".");
  const fs::path picture = fs::path(script).replace_extension(".svg");
  const fs::path log_file = fs::path(script).replace_extension(".log");
  std::error_code ignored;
  fs::remove(picture, ignored);
  {
    // gnuplot reports errors on stderr alone, and the header's destructor prints when the command
    // fails: so the shell collects both the text and the status in a log, and always succeeds
    // itself.
    const std::string log_name = shell_quote("./" + log_file.filename().string());
    const SigpipeGuard guard;
    Gnuplot gnuplot("{ cd " + shell_quote(folder.string()) + " && gnuplot -d 2>" + log_name + "; echo $? >>" +
                    log_name + "; } 2>/dev/null || true");
    std::string name = script.filename().string();
    for (std::size_t at = 0; (at = name.find('\'', at)) != std::string::npos; at += 2) {
      name.insert(at, 1, '\'');
    }
    gnuplot << "load '" << name << "'\n";
  }
  const GnuplotLog log = split_log(fs::exists(log_file) ? read_text_file(log_file) : "");
  fs::remove(log_file, ignored);
  if (!log.succeeded) {
    fs::remove(picture, ignored);
    fail(ErrorKind::run, "{}: gnuplot failed: {}", script.string(),
         log.printed.empty() ? "it printed nothing" : log.printed);
  }
  if (!fs::exists(picture) || fs::file_size(picture) == 0) {
    fail(ErrorKind::run, "{}: gnuplot wrote no picture, expected {}{}{}", script.string(), picture.string(),
         log.printed.empty() ? "" : "; it printed: ", log.printed);
  }
}

#endif

}  // namespace octet
