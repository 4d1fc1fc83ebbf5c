#pragma once

namespace octet::bench {

/// Starts `count` kernels that do nothing, one by one.
void start_empty_kernels(int count);

/// The same kernels recorded once as a CUDA graph.
class EmptyKernelGraph {
 public:
  explicit EmptyKernelGraph(int count);
  ~EmptyKernelGraph();
  EmptyKernelGraph(const EmptyKernelGraph&) = delete;
  EmptyKernelGraph& operator=(const EmptyKernelGraph&) = delete;

  void start() const;

 private:
  void* graph_ = nullptr;  // cudaGraphExec_t
};

}  // namespace octet::bench
