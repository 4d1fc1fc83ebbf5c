#include <gtest/gtest.h>

#include "tensor/backend.h"
#include "tests/support/null_entries.h"

namespace octet {
namespace {

TEST(KernelTable, HasEveryEntryOnEveryBackend) {
  for (const Backend* backend : available_backends()) {
    EXPECT_EQ(null_entries(backend->kernels()), 0) << backend->name;
  }
}

TEST(KernelTable, AnEntryThatIsForgottenIsNoticed) {
  KernelTable table = kernels();
  table.softmax = nullptr;
  table.decode_attention = nullptr;
  EXPECT_EQ(null_entries(table), 2);
}

}  // namespace
}  // namespace octet
