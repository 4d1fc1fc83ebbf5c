#include "train/metrics.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>
#include <utility>

#include <unistd.h>

#include "base/config/record.h"
#include "base/error.h"
#include "base/files/atomic_file.h"
#include "base/files/read_file.h"

namespace octet {

void MetricsRow::validate(Problems& problems) const {
  if (val_loss && !bpb) problems.add("bpb", "missing, though val_loss is there");
}

std::string to_json_line(const MetricsRow& row) {
  return record_to_json_line(row);
}

std::vector<MetricsRow> read_metrics(const std::filesystem::path& path) {
  const std::string text = read_text_file(path);
  std::vector<MetricsRow> rows;
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string place = fmt::format("{}:{}: expected a row of metrics", path.string(), rows.size() + 1);
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    rows.push_back(record_from_json<MetricsRow>(line, place, UnknownKeys::ignored));
  }
  return rows;
}

MetricsLog::MetricsLog(std::filesystem::path path, std::int64_t steps_done) : path_(std::move(path)) {
  if (steps_done > 0 && std::filesystem::exists(path_)) {
    rows_ = read_metrics(path_);
    std::erase_if(rows_, [&](const MetricsRow& row) { return row.step > steps_done; });
  }
  std::string text;
  for (const MetricsRow& row : rows_) {
    text += to_json_line(row) + "\n";
  }
  write_file_atomically(path_, text);
  file_ = std::fopen(path_.c_str(), "a");
  if (!file_) {
    fail(ErrorKind::run, "{}: cannot write: {}", path_.string(), std::strerror(errno));
  }
}

MetricsLog::~MetricsLog() {
  if (file_) {
    std::fclose(file_);
  }
}

void MetricsLog::append(const MetricsRow& row) {
  const std::string line = to_json_line(row) + "\n";
  if (std::fwrite(line.data(), 1, line.size(), file_) != line.size() || std::fflush(file_) != 0) {
    fail(ErrorKind::run, "{}: cannot write: {}", path_.string(), std::strerror(errno));
  }
  rows_.push_back(row);
}

double resident_megabytes() {
  std::ifstream statm("/proc/self/statm");
  double total_pages = 0.0;
  double resident_pages = 0.0;
  statm >> total_pages >> resident_pages;
  return resident_pages * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1024.0 * 1024.0);
}

}  // namespace octet
