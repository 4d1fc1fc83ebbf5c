#include "train/metrics.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include <unistd.h>

#include "base/error.h"
#include "base/files/atomic_file.h"
#include "base/files/read_file.h"
#include "base/json.h"

namespace octet {
namespace {

/// A count. The JSON library would convert any number, and one beyond the range to anything.
std::int64_t count(const nlohmann::json& json, const char* key, const std::string& place) {
  const nlohmann::json& value = json.at(key);
  const bool too_large = value.is_number_unsigned() && !std::in_range<std::int64_t>(value.get<std::uint64_t>());
  if (!value.is_number_integer() || too_large) {
    fail(ErrorKind::input, "{}: {}: expected an integer below 2^63, got {}", place, key, value.dump());
  }
  return value.get<std::int64_t>();
}

MetricsRow parse_row(std::string_view line, const std::string& place) {
  const auto json = parse_json(line, place);
  MetricsRow row;
  row.step = count(json, "step", place);
  row.tokens = count(json, "tokens", place);
  json.at("epoch").get_to(row.epoch);
  json.at("loss").get_to(row.loss);
  if (json.contains("val_loss")) {
    row.val_loss = json.at("val_loss").get<double>();
    row.bpb = json.at("bpb").get<double>();
  }
  json.at("lr").get_to(row.lr);
  json.at("grad_norm").get_to(row.grad_norm);
  json.at("ms").get_to(row.ms);
  json.at("tok_s").get_to(row.tok_s);
  json.at("rss_mb").get_to(row.rss_mb);
  json.at("time").get_to(row.time);
  return row;
}

}  // namespace

std::string to_json_line(const MetricsRow& row) {
  nlohmann::ordered_json json{{"step", row.step}, {"tokens", row.tokens}, {"epoch", row.epoch}, {"loss", row.loss}};
  if (row.val_loss) {
    json["val_loss"] = *row.val_loss;
    json["bpb"] = row.bpb.value_or(0.0);
  }
  json.update({{"lr", row.lr},
               {"grad_norm", row.grad_norm},
               {"ms", row.ms},
               {"tok_s", row.tok_s},
               {"rss_mb", row.rss_mb},
               {"time", row.time}});
  return json.dump();
}

std::vector<MetricsRow> read_metrics(const std::filesystem::path& path) {
  const std::string text = read_text_file(path);
  std::vector<MetricsRow> rows;
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string place = fmt::format("{}:{}", path.string(), rows.size() + 1);
    try {
      rows.push_back(parse_row(std::string_view(text).substr(begin, end - begin), place));
    } catch (const nlohmann::json::exception& error) {
      fail(ErrorKind::input, "{}: expected a row of metrics: {}", place, error.what());
    }
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
