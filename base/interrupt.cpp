#include "base/interrupt.h"

#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>

#include <signal.h>

namespace octet {
namespace {

std::atomic<bool> requested = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may not lock");

void on_order(int) {
  requested = true;
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

// A terminal that closes often says so twice, by the kernel and by the shell: that is no order to hurry.
void on_hangup(int) {
  requested = true;
}

/// Gives the calling thread a stack for handlers. Without one a handler runs on the stack at hand, and oneDNN's FP32
/// products for AVX-512 point the stack pointer into a buffer on the heap while they compute: what the system pushes
/// there, some kilobytes of registers, lands on the heap in front of it. One in ten trainings that were interrupted
/// died of that ("corrupted size vs. prev_size"). Linux gives a signal to the main thread where that may take it.
void use_own_stack() {
  static std::array<std::byte, 128 * 1024> memory;  // the registers of AMX alone take 8 KiB
  stack_t current = {};
  sigaltstack(nullptr, &current);
  if ((current.ss_flags & SS_DISABLE) != 0) {  // else somebody, such as a sanitizer, has set one
    stack_t stack = {};
    stack.ss_sp = memory.data();
    stack.ss_size = memory.size();
    sigaltstack(&stack, nullptr);
  }
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  // Without SA_RESTART a write to disk in progress would fail with EINTR.
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
}

bool is_ignored(int signal) {
  struct sigaction current = {};
  sigaction(signal, nullptr, &current);
  return current.sa_handler == SIG_IGN;
}

}  // namespace

void install_interrupt_handler() {
  use_own_stack();
  handle(SIGINT, on_order);
  handle(SIGTERM, on_order);
  if (!is_ignored(SIGHUP)) {
    handle(SIGHUP, on_hangup);
  }
}

bool interrupt_requested() {
  return requested;
}

}  // namespace octet
