#include "base/interrupt.h"

#include <csignal>
#include <cstdlib>

#include <gtest/gtest.h>

namespace octet {
namespace {

// Each statement below runs in a child process.
TEST(InterruptDeathTest, FirstSignalSetsTheFlag) {
  for (int signal : {SIGINT, SIGTERM}) {
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

}  // namespace
}  // namespace octet
