#include <gtest/gtest.h>

#include "tensor/backend.h"
#include "tests/support/null_entries.h"

namespace octet::kernel_table_test {
namespace {

// Null on every CPU, where a kernel starts at once (tensor/kernels/int_kernels.h).
constexpr int kOfGpusAlone = 1;  // quantizing_linear

TEST(KernelTable, HasEveryEntryOnEveryBackend) {
  for (const Backend* backend : available_backends()) {
    EXPECT_EQ(backend->kernels().quantizing_linear, nullptr) << backend->name;
    EXPECT_EQ(null_entries(backend->kernels()), kOfGpusAlone) << backend->name;
  }
}

TEST(KernelTable, AnEntryThatIsForgottenIsNoticed) {
  KernelTable table = kernels();
  table.softmax = nullptr;
  table.decode_attention = nullptr;
  EXPECT_EQ(null_entries(table), kOfGpusAlone + 2);
}

}  // namespace
}  // namespace octet::kernel_table_test
