#pragma once

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>
#include <exception>
#include <functional>

namespace octet::simulator {

/// A thread of execution with a stack of its own that runs when it is resumed, and until it yields. All fibers run on
/// the system thread that resumes them, one at a time. The sanitizers are told of every change of stacks.
class Fiber {
 public:
  Fiber();
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// What the next resume() begins. `body` must outlive the run.
  void start(const std::function<void()>& body);
  /// Goes on with the body until it yields or ends. Rethrows what ends it.
  void resume();
  bool ended() const { return body_ == nullptr; }
  /// From here on the resumer sees what the fiber has written so far. A fiber sees what was written before its start.
  void join();

  /// From inside: goes back to who resumed.
  static void yield();

 private:
  static void enter(boost::context::detail::transfer_t resumer);
  void run();
  void to_resumer();

  const std::function<void()>* body_ = nullptr;
  std::exception_ptr error_;
  void* stack_;
  // Where to go on: in the fiber while it waits, in its resumer while it runs. From below boost::context::fiber, which
  // would throw an exception through a kernel that was left behind. swapcontext asks the system for its signal mask:
  // half of a kernel's time.
  boost::context::detail::fcontext_t context_, resumer_ = nullptr;

  // For the sanitizers: the stack that resumed, and what they know of both.
  [[maybe_unused]] const void* resumer_stack_ = nullptr;
  [[maybe_unused]] std::size_t resumer_stack_bytes_ = 0;
  [[maybe_unused]] void* own_frames_ = nullptr;
  [[maybe_unused]] void* tsan_fiber_ = nullptr;
  [[maybe_unused]] void* tsan_resumer_ = nullptr;
};

}  // namespace octet::simulator
