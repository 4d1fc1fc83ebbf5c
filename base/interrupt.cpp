#include "base/interrupt.h"

#include <atomic>
#include <csignal>

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

void handle(int signal, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  // Without SA_RESTART a write to disk in progress would fail with EINTR.
  action.sa_flags = SA_RESTART;
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
