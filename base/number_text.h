#pragma once

#include <cstdint>
#include <string>

namespace octet {

// Numbers as people read them. What was not measured (NaN) reads "n/a"; what is absurdly large is written with a power
// of ten.

std::string format_fixed(double value, int decimals);
/// 0.0123 as "1.23 %".
std::string format_percent(double ratio, int decimals = 2);
/// 0.0123 as "+1.23 %"; what rounds to zero has no sign.
std::string format_change(double ratio);
/// The confidence of an interval, 0.95 as "95 %" and 0.995 as "99.5 %"; "n/a" for what is none.
std::string format_confidence(double confidence);
/// A setting as it was given: 6 as "6", 2.5 as "2.5".
std::string format_threshold(double value);
/// Millions of bytes: "8.42 MB".
std::string format_megabytes(std::int64_t bytes);
/// "34,100" and "702"; below ten one decimal.
std::string format_rate(double per_second);
/// "2.27×".
std::string format_times(double ratio);
/// 1234567 as "1,234,567".
std::string format_integer(std::int64_t value);
/// The same of a whole number that may be too large for an integer.
std::string format_total(double whole);
/// KL divergences span many powers of ten: "0", "0.0123", "3.1e-05".
std::string format_divergence(double nats);

}  // namespace octet
