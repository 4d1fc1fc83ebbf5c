#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace octet {

/// A program to run without a shell: nothing in its arguments is ever taken for a command.
struct ChildProgram {
  std::filesystem::path program;         ///< absolute
  std::vector<std::string> arguments;    ///< the first is the name that the program sees
  std::vector<std::string> environment;  ///< "NAME=value"; all that the program gets to see
  std::filesystem::path folder;          ///< where it runs
};

struct ChildResult {
  bool succeeded = false;  ///< ended by itself with status 0
  std::string how;         ///< "exit status 3", "signal 9", "no end after 60.0s"
  std::string printed;     ///< the first 4 KiB of what it wrote to stdout and stderr
};

/// Runs the program until it ends, with /dev/null as its stdin and no open file of this process. One that takes longer
/// than `limit` is killed with every process it started. Errors: run where it cannot be started; interrupted after
/// Ctrl-C, which kills it too.
ChildResult run_child(const ChildProgram& child, std::chrono::milliseconds limit);

/// The absolute path of a program in the folders of PATH; empty where there is none. Relative folders do not count:
/// what they hold depends on where one stands.
std::filesystem::path find_program(const std::string& name);

}  // namespace octet
