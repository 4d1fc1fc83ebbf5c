#pragma once

#ifdef OCTET_CUDA_SIMULATOR
#include <gtest/gtest.h>

#include "tensor/cuda_simulator/simulator.h"
#endif

namespace octet {

/// Runs `body` with the threads of the simulator in every order: a kernel that lacks a barrier is right in some and
/// wrong in others. On a GPU, which has orders of its own, once.
template <typename Body>
void under_every_schedule(Body body) {
#ifdef OCTET_CUDA_SIMULATOR
  using simulator::Schedule;
  const Schedule before = simulator::schedule();
  for (const Schedule schedule : {Schedule::ascending, Schedule::descending, Schedule::shuffled}) {
    SCOPED_TRACE(testing::Message() << "schedule " << static_cast<int>(schedule));
    simulator::set_schedule(schedule);
    body();
  }
  simulator::set_schedule(before);
#else
  body();
#endif
}

}  // namespace octet
