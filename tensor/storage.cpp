#include "tensor/storage.h"

#include "base/error.h"
#include "tensor/backend.h"

namespace octet {

std::string_view name_of(DeviceKind device) {
  return device == DeviceKind::cpu ? "cpu" : "cuda";
}

Storage::Storage(std::size_t bytes, DeviceKind device)
    : data_(memory(device).allocate(bytes)), bytes_(bytes), device_(device) {}

Storage::~Storage() {
  memory(device_).release(data_, bytes_);
}

}  // namespace octet
