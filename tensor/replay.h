#pragma once

#include <functional>

#include "tensor/storage.h"

namespace octet {

/// Whether this device can record kernels.
bool can_record(DeviceKind device);

/// The kernels that `work` starts, recorded once and run again by one call: starting a hundred short kernels one by one
/// takes longer than running them. A run reads and writes the same memory each time, so what changes from run to run is
/// written there before. `work` may not look at results, nor read from or write to the memory of the CPU.
class Replay {
 public:
  /// Calls `work` once as it is, so that everything it looks up or makes on first use is there, and once to record it.
  /// Tensors that it leaves to others live as long as this object. Errors: what `work` throws; a device without
  /// records.
  ///
  /// The tensors that `work` reads and writes are not kept alive by the record, which knows their addresses alone:
  /// whoever makes a Replay keeps them. Threads: a device has one stream, so while a Replay is made no other thread may
  /// start work on that device; its kernels would be recorded too.
  Replay(DeviceKind device, const std::function<void()>& work);
  ~Replay();
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;

  /// Starts the recorded kernels, in their order, and returns without waiting for them.
  void run() const;

 private:
  DeviceKind device_;
  void* record_ = nullptr;
};

}  // namespace octet
