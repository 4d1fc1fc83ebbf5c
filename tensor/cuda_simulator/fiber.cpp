#include "tensor/cuda_simulator/fiber.h"

#include <utility>

#include <sys/mman.h>

#include "base/error.h"
#include "tensor/cuda_simulator/sanitizers.h"

namespace octet::simulator {
namespace {

// Kernels keep little on the stack, but sanitizers make frames large. Pages that nobody touches cost nothing.
constexpr std::size_t kStackBytes = 256 * 1024;
constexpr std::size_t kGuardBytes = 4096;  // below the stack, without access: an overflow is a crash

Fiber* current = nullptr;

}  // namespace

Fiber::Fiber() {
  stack_ = mmap(nullptr, kGuardBytes + kStackBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  check(stack_ != MAP_FAILED, "[simulator] expected memory for a stack, the system has none left");
  char* bottom = static_cast<char*>(stack_) + kGuardBytes;
  check(mprotect(bottom, kStackBytes, PROT_READ | PROT_WRITE) == 0, "[simulator] cannot make a stack accessible");
  context_ = boost::context::detail::make_fcontext(bottom + kStackBytes, kStackBytes, enter);
#ifdef OCTET_TSAN
  tsan_fiber_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
#ifdef OCTET_TSAN
  __tsan_destroy_fiber(tsan_fiber_);
#endif
  permit(static_cast<char*>(stack_) + kGuardBytes, kStackBytes);  // another mapping may lie here next
  munmap(stack_, kGuardBytes + kStackBytes);
}

void Fiber::start(const std::function<void()>& body) {
  body_ = &body;
  publish(this);
}

void Fiber::join() {
  observe(this);
}

void Fiber::resume() {
  current = this;
#ifdef OCTET_ASAN
  void* frames = nullptr;
  __sanitizer_start_switch_fiber(&frames, static_cast<char*>(stack_) + kGuardBytes, kStackBytes);
#endif
#ifdef OCTET_TSAN
  tsan_resumer_ = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(tsan_fiber_, __tsan_switch_to_fiber_no_sync);
#endif
  context_ = boost::context::detail::jump_fcontext(context_, nullptr).fctx;
#ifdef OCTET_ASAN
  __sanitizer_finish_switch_fiber(frames, nullptr, nullptr);
#endif
  if (error_) {
    std::rethrow_exception(std::exchange(error_, nullptr));
  }
}

void Fiber::yield() {
  current->to_resumer();
}

void Fiber::to_resumer() {
  publish(this);
#ifdef OCTET_ASAN
  __sanitizer_start_switch_fiber(&own_frames_, resumer_stack_, resumer_stack_bytes_);
#endif
#ifdef OCTET_TSAN
  __tsan_switch_to_fiber(tsan_resumer_, __tsan_switch_to_fiber_no_sync);
#endif
  resumer_ = boost::context::detail::jump_fcontext(resumer_, nullptr).fctx;
#ifdef OCTET_ASAN
  __sanitizer_finish_switch_fiber(own_frames_, &resumer_stack_, &resumer_stack_bytes_);
#endif
}

void Fiber::enter(boost::context::detail::transfer_t resumer) {
  current->resumer_ = resumer.fctx;
#ifdef OCTET_ASAN
  __sanitizer_finish_switch_fiber(nullptr, &current->resumer_stack_, &current->resumer_stack_bytes_);
#endif
  current->run();
}

void Fiber::run() {
  for (;;) {  // the stack serves one body after another
    observe(this);
    try {
      (*body_)();
    } catch (...) {
      error_ = std::current_exception();
    }
    body_ = nullptr;
    to_resumer();
  }
}

}  // namespace octet::simulator
