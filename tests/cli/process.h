#pragma once

#include <cstdlib>
#include <string>
#include <vector>

#include <sys/wait.h>

#include "base/files/read_file.h"

namespace octet {

/// What a finished program left.
struct ProcessResult {
  int code = 0;
  std::string out;
  std::string err;
};

inline std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    result += c == '\'' ? "'\\''" : std::string(1, c);
  }
  return result + "'";
}

/// Runs a program with these arguments in `folder`; `environment` holds assignments "NAME=value".
inline ProcessResult run_program(const std::string& program, const std::string& folder,
                                 const std::vector<std::string>& arguments,
                                 const std::vector<std::string>& environment) {
  const std::string out = folder + "/stdout.txt", err = folder + "/stderr.txt";
  std::string command = "cd " + quoted(folder) + " && env";
  for (const std::string& assignment : environment) {
    command += " " + quoted(assignment);
  }
  command += " " + quoted(program);
  for (const std::string& argument : arguments) {
    command += " " + quoted(argument);
  }
  const int status = std::system((command + " >" + quoted(out) + " 2>" + quoted(err)).c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_text_file(out), read_text_file(err)};
}

/// The same with the octet binary.
inline ProcessResult run_octet(const std::string& folder, const std::vector<std::string>& arguments,
                               const std::vector<std::string>& environment = {}) {
  return run_program(OCTET_BINARY, folder, arguments, environment);
}

}  // namespace octet
