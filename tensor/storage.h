#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace octet {

enum class DeviceKind { cpu, cuda };
std::string_view name_of(DeviceKind device);

/// A block of device memory, aligned to 64 bytes. Tensors share it; it never moves between devices.
class Storage {
 public:
  Storage(std::size_t bytes, DeviceKind device);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  void* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }
  DeviceKind device() const { return device_; }

 private:
  void* data_;
  std::size_t bytes_;
  DeviceKind device_;
};

}  // namespace octet
