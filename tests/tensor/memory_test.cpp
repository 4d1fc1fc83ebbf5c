#include "tensor/cpu/memory.h"

#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tensor/tensor.h"

namespace octet::memory_test {
namespace {

TEST(Memory, ServesASizeClassFromReleasedBlocks) {
  cpu::trim_memory();
  const std::int64_t before = cpu::memory_misses();
  void* block = cpu::allocate(10'000);
  EXPECT_EQ(cpu::memory_misses(), before + 1);
  cpu::release(block, 10'000);
  EXPECT_EQ(cpu::allocate(10'100), block);  // the same class: up to 10240 bytes
  EXPECT_EQ(cpu::memory_misses(), before + 1);
  cpu::release(block, 10'100);
  void* larger = cpu::allocate(10'300);
  EXPECT_EQ(cpu::memory_misses(), before + 2);
  cpu::release(larger, 10'300);
}

// Leaks and double frees are for the address sanitizer to find.
TEST(Memory, TensorsMayDieInAnotherThreadAndAfterTheOneThatMadeThem) {
  std::vector<Tensor> made_here;
  for (int i = 0; i < 100; ++i) {
    made_here.push_back(Tensor::full({3}, static_cast<float>(i)));
  }
  std::vector<Tensor> made_there;
  std::thread([&] {
    made_here.clear();
    thread_local std::optional<Tensor> dies_with_the_thread;
    dies_with_the_thread = Tensor::full({3}, 1.0F);
    for (int i = 0; i < 200; ++i) {
      made_there.push_back(Tensor::full({3}, static_cast<float>(i)));
    }
  }).join();
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(made_there[static_cast<std::size_t>(i)].to_vector(), std::vector<float>(3, static_cast<float>(i)));
  }
}

}  // namespace
}  // namespace octet::memory_test
