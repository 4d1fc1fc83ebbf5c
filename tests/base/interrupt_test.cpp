#include "base/interrupt.h"

#include <csignal>
#include <cstdlib>

#include <gtest/gtest.h>
#include <signal.h>

namespace octet::interrupt_test {
namespace {

// Each statement below runs in a child process.
TEST(InterruptDeathTest, FirstSignalSetsTheFlag) {
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) {
    EXPECT_EXIT(
        {
          install_interrupt_handler();
          const bool before = interrupt_requested();
          std::raise(signal);
          std::_Exit(!before && interrupt_requested() ? 42 : 1);
        },
        testing::ExitedWithCode(42), "");
  }
}

// A library may point the stack pointer to memory of its own while it computes.
TEST(InterruptDeathTest, TheHandlerHasAStackOfItsOwn) {
  EXPECT_EXIT(
      {
        install_interrupt_handler();
        stack_t stack = {};
        sigaltstack(nullptr, &stack);
        bool all = (stack.ss_flags & SS_DISABLE) == 0;
        for (int signal : {SIGINT, SIGTERM, SIGHUP}) {
          struct sigaction action = {};
          sigaction(signal, nullptr, &action);
          all = all && (action.sa_flags & SA_ONSTACK) != 0;
        }
        std::_Exit(all ? 42 : 1);
      },
      testing::ExitedWithCode(42), "");
}

TEST(InterruptDeathTest, SecondSignalKills) {
  EXPECT_EXIT(
      {
        install_interrupt_handler();
        std::raise(SIGINT);
        std::raise(SIGINT);
        std::_Exit(1);
      },
      testing::KilledBySignal(SIGINT), "");
}

// A terminal that closes may send the signal twice, and a shutdown SIGTERM before or after it.
TEST(InterruptDeathTest, HangupsNeverKill) {
  EXPECT_EXIT(
      {
        install_interrupt_handler();
        std::raise(SIGTERM);
        std::raise(SIGHUP);
        std::raise(SIGHUP);
        std::_Exit(interrupt_requested() ? 42 : 1);
      },
      testing::ExitedWithCode(42), "");
}

TEST(InterruptDeathTest, HangupsStayIgnored) {
  EXPECT_EXIT(
      {
        std::signal(SIGHUP, SIG_IGN);
        install_interrupt_handler();
        std::raise(SIGHUP);
        const bool unmoved = !interrupt_requested();
        std::raise(SIGINT);
        std::raise(SIGHUP);
        std::_Exit(unmoved && interrupt_requested() ? 42 : 1);
      },
      testing::ExitedWithCode(42), "");
}

TEST(InterruptDeathTest, QuitStaysWhatItIs) {
  EXPECT_EXIT(
      {
        install_interrupt_handler();
        std::raise(SIGQUIT);
        std::_Exit(1);
      },
      testing::KilledBySignal(SIGQUIT), "");
}

}  // namespace
}  // namespace octet::interrupt_test
