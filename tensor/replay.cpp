#include "tensor/replay.h"

#include "base/error.h"
#include "tensor/backend.h"

namespace octet {

bool can_record(DeviceKind device) {
  return active_backend(device).records.begin != nullptr;
}

Replay::Replay(DeviceKind device, const std::function<void()>& work) : device_(device) {
  check(can_record(device), "[replay] expected a device that records kernels, got {}", name_of(device));
  const DeviceRecords& records = active_backend(device).records;
  work();
  records.begin();
  try {
    work();
    record_ = records.end();
  } catch (...) {
    records.abandon();
    throw;
  }
}

Replay::~Replay() {
  active_backend(device_).records.forget(record_);
}

void Replay::run() const {
  active_backend(device_).records.replay(record_);
}

}  // namespace octet
