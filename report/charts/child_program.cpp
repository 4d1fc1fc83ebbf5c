#include "report/charts/child_program.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/format.h"
#include "base/interrupt.h"

namespace octet {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t kMostPrinted = 4096;
constexpr int kPollMilliseconds = 20;  // how soon an end, Ctrl-C or the limit is noticed

std::string error_text(int error) {
  return std::generic_category().message(error);
}

class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
      fail(ErrorKind::run, "[run_child] cannot make a pipe: {}", error_text(errno));
    }
  }
  ~Pipe() {
    ::close(ends_[0]);
    close_writing();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int reading() const { return ends_[0]; }
  int writing() const { return ends_[1]; }
  void close_writing() {
    if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
  }

 private:
  std::array<int, 2> ends_{};
};

/// What happens between fork and exec.
class SpawnPlan {
 public:
  SpawnPlan(const fs::path& folder, int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    // Outputs first: where the pipe took the place of a closed stdin, opening /dev/null would close it.
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    posix_spawn_file_actions_addchdir_np(&actions_, folder.c_str());
    // A group of its own, so that all that it starts can be killed; signals as a program expects them.
    sigset_t signals;
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnPlan() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  pid_t start(const ChildProgram& child) const {
    const std::vector<char*> arguments = pointers(child.arguments), environment = pointers(child.environment);
    pid_t id = 0;
    const int error =
        ::posix_spawn(&id, child.program.c_str(), &actions_, &attributes_, arguments.data(), environment.data());
    if (error != 0) {
      fail(ErrorKind::run, "{}: cannot start in {}: {}", child.program.string(), child.folder.string(),
           error_text(error));
    }
    return id;
  }

 private:
  static std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
    list.push_back(nullptr);
    return list;
  }

  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

/// Reads what is there. The rest of a long output is read and dropped, so that the program is not stopped by a full
/// pipe.
void read_available(int descriptor, std::string& printed) {
  std::array<char, 4096> buffer{};
  for (ssize_t count; (count = ::read(descriptor, buffer.data(), buffer.size())) > 0;) {
    const std::size_t room = kMostPrinted - std::min(kMostPrinted, printed.size());
    printed.append(buffer.data(), std::min(room, static_cast<std::size_t>(count)));
  }
}

std::string end_text(int status) {
  return WIFEXITED(status) ? fmt::format("exit status {}", WEXITSTATUS(status))
                           : fmt::format("signal {}", WTERMSIG(status));
}

}  // namespace

ChildResult run_child(const ChildProgram& child, std::chrono::milliseconds limit) {
  Pipe pipe;
  const pid_t id = SpawnPlan(child.folder, pipe.writing()).start(child);
  pipe.close_writing();
  const auto end = Clock::now() + limit;
  ChildResult result;
  int status = 0;
  bool late = false;
  // The end of the program is its own, not that of the pipe: a process it left behind may hold that open.
  while (::waitpid(id, &status, WNOHANG) == 0) {
    late = Clock::now() >= end;
    if (late || interrupt_requested()) {
      ::kill(-id, SIGKILL);
      ::waitpid(id, &status, 0);
      break;
    }
    pollfd readable{pipe.reading(), POLLIN, 0};
    if (::poll(&readable, 1, kPollMilliseconds) > 0 && (readable.revents & POLLIN) == 0) {
      ::poll(nullptr, 0, kPollMilliseconds);  // its outputs are closed, it still runs
    }
    read_available(pipe.reading(), result.printed);
  }
  read_available(pipe.reading(), result.printed);
  if (interrupt_requested()) {
    fail(ErrorKind::interrupted, "{} was interrupted", child.arguments.front());
  }
  result.succeeded = !late && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  result.how =
      late ? "no end after " + format_duration(std::chrono::duration<double>(limit).count()) : end_text(status);
  return result;
}

fs::path find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    const fs::path candidate = fs::path(folder) / name;
    std::error_code ignored;
    if (candidate.is_absolute() && fs::is_regular_file(candidate, ignored) && ::access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
  }
  return {};
}

}  // namespace octet
