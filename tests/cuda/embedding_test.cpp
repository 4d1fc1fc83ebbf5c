#include "tests/cuda/awkward.h"

namespace octet::embedding_test {
namespace {

class CudaEmbedding : public CudaTest {
 protected:
  static void compare(const Tensor& ids, std::int64_t columns, std::int64_t vocabulary) {
    SCOPED_TRACE(testing::Message() << "rows " << ids.elements() << " columns " << columns << " V " << vocabulary);
    const std::int64_t rows = ids.elements();
    const Tensor table = random_tensor({vocabulary, columns}, 1), dy = random_tensor({rows, columns}, 2);
    const Tensor ids_there = on_cuda(ids), table_there = on_cuda(table), dy_there = on_cuda(dy);
    const auto *here = ids.data<std::int32_t>(), *there = ids_there.data<std::int32_t>();
    const Written y({rows, columns}), dtable(random_tensor({vocabulary, columns}, 3));
    cpu_kernels().embedding({rows, columns, vocabulary, here, table.data<float>(), y.cpu.data<float>()});
    cuda_kernels().embedding({rows, columns, vocabulary, there, table_there.data<float>(), y.cuda.data<float>()});
    expect_equal(y.cuda, y.cpu);
    cpu_kernels().embedding_backward({rows, columns, vocabulary, here, dy.data<float>(), dtable.cpu.data<float>()});
    cuda_kernels().embedding_backward(
        {rows, columns, vocabulary, there, dy_there.data<float>(), dtable.cuda.data<float>()});
    expect_equal(dtable.cuda, dtable.cpu);
  }
};

// The device adds rows in the order of the CPU, so even the gradient is the same bit for bit. Some ids come often, some
// never; vocabularies smaller and larger than the number of ranges that the kernel cuts them into.
TEST_F(CudaEmbedding, EqualsTheCpuBitForBit) {
  compare(random_ids(1, 1, 1), 1, 1);
  under_every_schedule([] { compare(random_ids(70, 3, 2), 5, 3); });
  compare(random_ids(700, 10, 3), 8, 10);
  compare(random_ids(500, 255, 4), 33, 257);
  compare(random_ids(33, 1100, 5), 132, 1101);
}

TEST_F(CudaEmbedding, OneIdForAllRows) {
  compare(random_ids(300, 1, 1), 4, 50);
}

TEST_F(CudaEmbedding, NoRowsLeaveTheGradientAlone) {
  const Written dtable(Shape{3, 4});
  cuda_kernels().embedding_backward({0, 4, 3, nullptr, nullptr, dtable.cuda.data<float>()});
  expect_equal(dtable.cuda, dtable.cpu);
}

}  // namespace
}  // namespace octet::embedding_test
