#pragma once

#include <cstdio>
#include <filesystem>
#include <string_view>

namespace octet {

/// `train.log`: lines with date and time (UTC), added to what earlier sessions of a run left.
class RunLog {
 public:
  explicit RunLog(std::filesystem::path path);
  ~RunLog();
  RunLog(const RunLog&) = delete;
  RunLog& operator=(const RunLog&) = delete;

  /// Error (run) where the disk is full.
  void write(std::string_view line);

 private:
  std::filesystem::path path_;
  std::FILE* file_ = nullptr;
};

}  // namespace octet
