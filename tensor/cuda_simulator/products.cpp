#include <cstddef>
#include <vector>

#include "base/error.h"
#include "tensor/cuda/runtime/runtime.h"
#include "tensor/cuda_simulator/host_product.h"
#include "tensor/cuda_simulator/simulator.h"

// `multiply` where kernels are simulated: device memory is copied to the host and the result back.

namespace octet::cuda {
namespace {

using Bytes = std::vector<std::byte>;

/// Elements from the first of the first matrix to the last of the last one.
std::int64_t extent(std::int64_t rows, std::int64_t columns, std::int64_t leading, std::int64_t batch,
                    std::int64_t stride) {
  return (batch - 1) * stride + (columns - 1) * leading + rows;
}

Bytes on_host(const void* memory, std::int64_t elements, std::size_t element_bytes) {
  Bytes bytes(static_cast<std::size_t>(elements) * element_bytes);
  if (memory != nullptr) {
    copy_to_host(bytes.data(), memory, bytes.size());
  }
  return bytes;
}

/// In the memory of the CPU.
void multiply_now(const LtProduct& product) {
  ++simulator::started["product"];
  const std::size_t operand = product.type == LtProduct::Type::int8 ? sizeof(std::int8_t) : sizeof(float);
  const Bytes a = on_host(
      product.a, extent(product.rows_of_a(), product.columns_of_a(), product.lda, product.batch, product.stride_a),
      operand);
  const Bytes b = on_host(
      product.b, extent(product.rows_of_b(), product.columns_of_b(), product.ldb, product.batch, product.stride_b),
      operand);
  const std::int64_t of_d = extent(product.m, product.n, product.ldd, product.batch, product.stride_d);
  const Bytes c = on_host(product.c, of_d, 4);
  Bytes d = on_host(product.d, of_d, 4);
  const Bytes bias = on_host(product.bias, product.m, sizeof(float));

  LtProduct copy = product;
  copy.a = a.data();
  copy.b = b.data();
  copy.c = product.c == nullptr ? nullptr : c.data();
  copy.d = d.data();
  copy.bias = product.bias == nullptr ? nullptr : reinterpret_cast<const float*>(bias.data());
  std::vector<float> sums_of_b(static_cast<std::size_t>(product.n));
  copy.sums_of_b = product.sums_of_b == nullptr ? nullptr : sums_of_b.data();
  multiply_on_host(copy);
  copy_to_device(product.d, d.data(), d.size());
  if (product.sums_of_b != nullptr) {
    copy_to_device(product.sums_of_b, sums_of_b.data(), sums_of_b.size() * sizeof(float));
  }
}

}  // namespace

bool can_multiply(const LtProduct& product) {
  check_product(product);
  return simulator::library_has_int8 || product.type != LtProduct::Type::int8;
}

void multiply(const LtProduct& product) {
  check(can_multiply(product), "[product] expected an algorithm, got none for {}", describe(product));
  simulator::run_or_record([product] { multiply_now(product); });
}

}  // namespace octet::cuda
