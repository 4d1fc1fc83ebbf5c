#pragma once

#include <algorithm>
#include <array>
#include <bit>

#include "tensor/kernels/kernels.h"

namespace octet {

/// How many entries of the table are null: those that somebody forgot. It holds pointers to functions and nothing else.
inline std::ptrdiff_t null_entries(const KernelTable& table) {
  using Entry = void (*)();
  constexpr std::size_t kEntries = sizeof(KernelTable) / sizeof(Entry);
  static_assert(kEntries * sizeof(Entry) == sizeof(KernelTable));
  const auto entries = std::bit_cast<std::array<Entry, kEntries>>(table);
  return std::count(entries.begin(), entries.end(), nullptr);
}

}  // namespace octet
