#include "eval/outliers/running_moments.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/parallel.h"

namespace octet {
namespace {

constexpr std::int64_t kChunk = 1 << 14;

RunningMoments moments_of_chunk(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) {
    sum += value;
  }
  RunningMoments moments{static_cast<std::int64_t>(values.size()), sum / static_cast<double>(values.size())};
  for (const float value : values) {
    const double deviation = value - moments.mean;
    moments.squares += deviation * deviation;
  }
  return moments;
}

}  // namespace

void RunningMoments::merge(const RunningMoments& other) {
  if (other.count == 0) {
    return;
  }
  const auto total = static_cast<double>(count + other.count);
  const double apart = other.mean - mean;
  squares += other.squares + apart * apart * static_cast<double>(count) * static_cast<double>(other.count) / total;
  mean += apart * static_cast<double>(other.count) / total;
  count += other.count;
}

double RunningMoments::standard_deviation() const {
  return count == 0 ? 0.0 : std::sqrt(squares / static_cast<double>(count));
}

RunningMoments moments_of(std::span<const float> values) {
  const auto n = static_cast<std::int64_t>(values.size());
  std::vector<RunningMoments> chunks(static_cast<std::size_t>((n + kChunk - 1) / kChunk));
  parallel_for(n, kChunk, [&](std::int64_t begin, std::int64_t end) {
    chunks[static_cast<std::size_t>(begin / kChunk)] =
        moments_of_chunk(values.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)));
  });
  RunningMoments total;
  for (const RunningMoments& chunk : chunks) {
    total.merge(chunk);
  }
  return total;
}

}  // namespace octet
