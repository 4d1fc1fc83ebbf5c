#include "eval/speed/bench_work.h"

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "nn/layers/quantized_layer.h"

namespace octet {
namespace {

/// A matrix that activations are multiplied with.
struct Matrix {
  double elements = 0;
  double bytes = 0;
  bool integer = false;  // multiplied as int8 codes
  bool head = false;     // only with the last position of each sequence
};

Matrix matrix_of(const Module& module, bool head) {
  if (const QuantizedMatrix* matrix = quantized_matrix_of(module)) {
    return {.elements = static_cast<double>(matrix->rows()) * static_cast<double>(matrix->columns()),
            .bytes = static_cast<double>(matrix->bytes()),
            .integer = matrix->activations() != Activations::weight_only,
            .head = head};
  }
  const auto* linear = dynamic_cast<const Linear*>(&module);
  const Tensor& weight = linear ? linear->weight.value() : dynamic_cast<const Embedding&>(module).weight.value();
  return {.elements = static_cast<double>(weight.elements()),
          .bytes = static_cast<double>(weight.bytes()),
          .integer = false,
          .head = head};
}

std::vector<Matrix> matrices_of(Gpt& model) {
  std::vector<Matrix> matrices;
  model.for_each_child([&](const std::string& path, ChildSlot& slot) {
    if (dynamic_cast<LinearBase*>(&slot.module())) {
      matrices.push_back(matrix_of(slot.module(), path == "head"));
    } else if (dynamic_cast<EmbeddingBase*>(&slot.module()) && model.config().tied_head) {
      matrices.push_back(matrix_of(slot.module(), true));
    }
  });
  return matrices;
}

/// One forward pass over `time` tokens of each sequence behind `past` positions.
void add_pass(BenchWork& work, const std::vector<Matrix>& matrices, const GptConfig& config, std::int64_t batch,
              std::int64_t time, std::int64_t past, KvFormat kv) {
  work.pass_bytes = 0;
  for (const Matrix& matrix : matrices) {
    const double rows = static_cast<double>(matrix.head ? batch : batch * time);
    (matrix.integer ? work.int8_operations : work.fp32_operations) += 2.0 * rows * matrix.elements;
    work.pass_bytes += matrix.bytes;
  }
  // q k^T and the sum over values: 4 operations for each column of a query and each key that it sees.
  const double keys =
      static_cast<double>(batch * time) * (static_cast<double>(past) + (static_cast<double>(time) + 1) / 2);
  work.fp32_operations += 4.0 * static_cast<double>(config.layers * config.width) * keys;
  work.pass_bytes += static_cast<double>(batch * (past + time) * kv_bytes_per_position(config, kv));
  work.bytes += work.pass_bytes;
}

}  // namespace

BenchWork bench_work(Gpt& model, const SpeedTask& task) {
  const std::vector<Matrix> matrices = matrices_of(model);
  BenchWork work;
  if (task.kind == SpeedTask::Kind::prompt) {
    add_pass(work, matrices, model.config(), task.batch, task.tokens, task.depth, task.kv);
    return work;
  }
  for (std::int64_t t = 0; t < task.tokens; ++t) {
    add_pass(work, matrices, model.config(), task.batch, 1, task.depth + t, task.kv);
  }
  return work;
}

std::int64_t stored_bytes(Gpt& model) {
  std::int64_t sum = 0;
  for (const Module::NamedParameter& entry : model.parameters()) {
    sum += static_cast<std::int64_t>(entry.parameter->value().bytes());
  }
  model.for_each_child([&](const std::string&, ChildSlot& slot) {
    if (const QuantizedMatrix* matrix = quantized_matrix_of(slot.module())) {
      sum += matrix->bytes();
    }
  });
  return sum;
}

std::string BenchLimit::name() const {
  if (!(rate > 0)) {
    return "n/a";
  }
  switch (kind) {
    case Kind::fp32:
      return fmt::format("fp32 {:.0f} GFLOP/s", rate);
    case Kind::int8:
      return fmt::format("int8 {:.0f} GOP/s", rate);
    case Kind::read:
      break;
  }
  return fmt::format("read {:.1f} GB/s", rate);
}

BenchLimit bench_limit(const BenchWork& work, const MachineLimits& machine, double read_gbps) {
  const double int8_seconds = work.int8_operations / machine.peak_int8_gops / 1e9;
  const double fp32_seconds = work.fp32_operations / machine.peak_fp32_gflops / 1e9;
  const double read_seconds = work.bytes / read_gbps / 1e9;
  if (!std::isfinite(int8_seconds + fp32_seconds + read_seconds)) {
    return {.seconds = std::numeric_limits<double>::quiet_NaN()};
  }
  if (read_seconds >= int8_seconds + fp32_seconds) {
    return {BenchLimit::Kind::read, read_gbps, read_seconds};
  }
  // Attention is computed in FP32 also where the layers are not: the peak of the layers gives the limit its name.
  return work.int8_operations > work.fp32_operations
             ? BenchLimit{BenchLimit::Kind::int8, machine.peak_int8_gops, int8_seconds + fp32_seconds}
             : BenchLimit{BenchLimit::Kind::fp32, machine.peak_fp32_gflops, int8_seconds + fp32_seconds};
}

}  // namespace octet
