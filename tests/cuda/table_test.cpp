#include "tests/cuda/cuda_test.h"
#include "tests/support/null_entries.h"

namespace octet::table_test {
namespace {

class CudaTable : public CudaTest {};

TEST_F(CudaTable, HasEveryEntry) {
  EXPECT_EQ(null_entries(cuda_kernels()), 0);
}

}  // namespace
}  // namespace octet::table_test
