#include "tensor/ops/embedding.h"

#include "tensor/autograd/node.h"
#include "tensor/ops/checks.h"

namespace octet {

Tensor embedding(const Tensor& ids, const Tensor& table) {
  check_float("embedding", table, 2);
  const Tensor given = ids.is_contiguous() ? ids : ids.clone();
  const std::int64_t vocabulary = table.dim(0), columns = table.dim(1);
  for (const std::int32_t id : given.span<std::int32_t>()) {
    check(id >= 0 && id < vocabulary, "[embedding] expected ids from 0 to {}, got {}", vocabulary - 1, id);
  }
  const Tensor rows = given.to(table.device());
  const Tensor source = dense("embedding", table);
  Tensor y = empty_like(table, ids.shape().followed_by(columns));
  kernels(table.device())
      .embedding(
          {rows.elements(), columns, vocabulary, rows.data<std::int32_t>(), source.data<float>(), y.data<float>()});
  return record("embedding", {table}, y, [rows, shape = table.shape()](const Tensor& grad) {
    // forward: y[row] = table[ids[row]]; so dtable[ids[row]] += dy[row].
    const Tensor dy = dense("embedding", grad);
    Tensor dtable = Tensor::zeros(shape, DType::f32, dy.device());
    kernels(dy.device())
        .embedding_backward(
            {rows.elements(), shape[1], shape[0], rows.data<std::int32_t>(), dy.data<float>(), dtable.data<float>()});
    return std::vector<Tensor>{dtable};
  });
}

}  // namespace octet
