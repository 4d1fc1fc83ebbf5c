#pragma once

#include <string>

#include <gtest/gtest.h>

#include "tensor/backend.h"
#include "tests/support/random_tensor.h"

namespace octet {

/// Tests that run on every CPU backend of this machine. Restores the one that was active, whatever a test does.
class EveryBackend : public testing::Test {
 protected:
  ~EveryBackend() override { set_active_backend(before_); }

  /// Runs `body` on each, and notes which ones.
  template <typename Body>
  void on_every_backend(Body body) {
    std::string ran;
    for (const Backend* backend : available_backends()) {
      if (backend->device == DeviceKind::cpu) {
        SCOPED_TRACE(backend->name);
        set_active_backend(*backend);
        body();
        ran += std::string(backend->name) + " ";
      }
    }
    RecordProperty("backends", ran);
  }

 private:
  const Backend& before_ = active_backend();
};

}  // namespace octet
