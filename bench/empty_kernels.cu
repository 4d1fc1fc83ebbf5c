#include "bench/empty_kernels.h"
#include "tensor/cuda/language/device.h"
#include "tensor/cuda/runtime/runtime.h"

namespace octet::bench {
namespace {

__global__ void do_nothing_kernel(int) {}

cudaStream_t the_stream() {
  return static_cast<cudaStream_t>(cuda::stream());
}

}  // namespace

void start_empty_kernels(int count) {
  for (int i = 0; i < count; ++i) {
    cuda::launch("do_nothing", do_nothing_kernel, {1, 32}, i);
  }
}

EmptyKernelGraph::EmptyKernelGraph(int count) {
  cudaGraph_t recorded = nullptr;
  cudaGraphExec_t graph = nullptr;
  cuda::check_launch("cudaStreamBeginCapture", cudaStreamBeginCapture(the_stream(), cudaStreamCaptureModeThreadLocal));
  start_empty_kernels(count);
  cuda::check_launch("cudaStreamEndCapture", cudaStreamEndCapture(the_stream(), &recorded));
  cuda::check_launch("cudaGraphInstantiate", cudaGraphInstantiate(&graph, recorded, 0));
  cuda::check_launch("cudaGraphDestroy", cudaGraphDestroy(recorded));
  graph_ = graph;
}

EmptyKernelGraph::~EmptyKernelGraph() {
  (void)cudaGraphExecDestroy(static_cast<cudaGraphExec_t>(graph_));
}

void EmptyKernelGraph::start() const {
  cuda::check_launch("cudaGraphLaunch", cudaGraphLaunch(static_cast<cudaGraphExec_t>(graph_), the_stream()));
}

}  // namespace octet::bench
