#pragma once

#include <cstdint>
#include <string>

namespace octet {

/// Numbers as people read them, in progress lines and reports.

/// `850ms`, `4.2s`, `45s`, `3m12s`, `1h02m`, `2d03h`; `?` for negative, infinite or NaN.
std::string format_duration(double seconds);

/// `512 B`, `1.50 KiB`, `12.3 MiB`: powers of 1024, three significant digits.
std::string format_bytes(std::uint64_t bytes);

/// `7`, `0.314`, `10.2k`, `1.50M`, `97.0M`, `2.00B`: powers of 1000, three significant digits;
/// integers below 1000 are plain.
std::string format_count(double count);

}  // namespace octet
