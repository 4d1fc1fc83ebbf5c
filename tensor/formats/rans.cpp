#include "tensor/formats/rans.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"

namespace octet {
namespace {

constexpr std::uint32_t kTableBits = 14;
constexpr std::uint32_t kTotal = 1U << kTableBits;  // M
constexpr std::uint32_t kStart = 1U << 23;          // x lies in [2^23, 2^31)
constexpr int kOffset = 128;                        // of codes in arrays

/// f and F of all codes.
struct Frequencies {
  std::array<std::uint32_t, 256> of = {}, below = {};

  void add_up() {
    std::uint32_t sum = 0;
    for (std::size_t s = 0; s < of.size(); ++s) {
      below[s] = sum;
      sum += of[s];
    }
  }
};

std::size_t index_of(int code) {
  return static_cast<std::size_t>(code + kOffset);
}

/// Frequencies of sum M, at least 1 where a code occurs. What rounding leaves over goes, one by one, to the code that
/// gains most by it, and what it takes too much comes from that which loses least.
Frequencies frequencies_of(std::span<const std::int8_t> codes) {
  std::array<double, 256> counts = {};
  for (const int code : codes) {
    ++counts[index_of(code)];
  }
  Frequencies result;
  std::int64_t left = kTotal;
  for (std::size_t s = 0; s < counts.size(); ++s) {
    if (counts[s] > 0) {
      const double share = counts[s] / static_cast<double>(codes.size());
      result.of[s] = std::max(1U, static_cast<std::uint32_t>(std::lround(share * kTotal)));
    }
    left -= result.of[s];
  }
  for (; left != 0; left -= left > 0 ? 1 : -1) {
    const double change = left > 0 ? 1 : -1;
    std::size_t best = 0;
    double fewest = std::numeric_limits<double>::infinity();  // bits that the codes take more
    for (std::size_t s = 0; s < counts.size(); ++s) {
      const double f = result.of[s];
      const double bits = f + change < 1 ? fewest : -counts[s] * std::log2((f + change) / f);
      if (bits < fewest) {
        best = s;
        fewest = bits;
      }
    }
    result.of[best] += left > 0 ? 1U : -1U;
  }
  result.add_up();
  return result;
}

void write_table(const Frequencies& frequencies, int lowest, int highest, std::vector<std::uint8_t>& bytes) {
  for (int code = lowest; code <= highest; ++code) {
    std::uint32_t f = frequencies.of[index_of(code)];
    for (; f >= 128; f >>= 7) {
      bytes.push_back(static_cast<std::uint8_t>(f | 128));
    }
    bytes.push_back(static_cast<std::uint8_t>(f));
  }
}

/// Takes bytes one after the other.
class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  std::span<const std::uint8_t> left() const { return bytes_.subspan(next_); }
  std::uint32_t byte() {
    if (next_ == bytes_.size()) {
      fail(ErrorKind::input, "expected entropy-coded codes, got {} bytes, which end too soon", bytes_.size());
    }
    return bytes_[next_++];
  }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t next_ = 0;
};

Frequencies read_table(int lowest, int highest, Reader& reader) {
  Frequencies frequencies;
  std::uint32_t sum = 0;
  for (int code = lowest; code <= highest; ++code) {
    std::uint32_t f = 0, byte = 128;
    for (std::uint32_t shift = 0; (byte & 128) != 0 && shift <= 14; shift += 7) {  // three bytes hold M
      byte = reader.byte();
      f |= (byte & 127) << shift;
    }
    sum += f;  // at most 256 * 2^21
    frequencies.of[index_of(code)] = f;
    if ((byte & 128) != 0 || sum > kTotal) {
      fail(ErrorKind::input, "expected frequencies of codes with the sum {}, got more", kTotal);
    }
  }
  if (sum != kTotal) {
    fail(ErrorKind::input, "expected frequencies of codes with the sum {}, got {}", kTotal, sum);
  }
  frequencies.add_up();
  return frequencies;
}

/// The code that owns each remainder x mod M.
std::vector<std::int8_t> owners_of(const Frequencies& frequencies) {
  std::vector<std::int8_t> owners;
  owners.reserve(kTotal);
  for (int code = -kOffset; code < kOffset; ++code) {
    owners.insert(owners.end(), frequencies.of[index_of(code)], static_cast<std::int8_t>(code));
  }
  return owners;
}

}  // namespace

std::vector<std::uint8_t> rans_encode(std::span<const std::int8_t> codes) {
  std::vector<std::uint8_t> bytes;
  if (codes.empty()) {
    return bytes;
  }
  const Frequencies frequencies = frequencies_of(codes);
  const auto [lowest, highest] = std::minmax_element(codes.begin(), codes.end());
  bytes = {static_cast<std::uint8_t>(*lowest), static_cast<std::uint8_t>(*highest)};
  if (*lowest == *highest) {
    return bytes;
  }
  write_table(frequencies, *lowest, *highest, bytes);

  std::vector<std::uint8_t> out;  // the first to go out is the last to be read
  std::uint32_t x = kStart;
  for (auto code = codes.rbegin(); code != codes.rend(); ++code) {
    const std::uint32_t f = frequencies.of[index_of(*code)], below = frequencies.below[index_of(*code)];
    const std::uint32_t largest = (kStart >> kTableBits << 8) * f;  // from here on the new x would be 2^31 or more
    for (; x >= largest; x >>= 8) {
      out.push_back(static_cast<std::uint8_t>(x));
    }
    x = (x / f << kTableBits) + below + x % f;
  }
  for (int shift = 0; shift < 32; shift += 8) {
    bytes.push_back(static_cast<std::uint8_t>(x >> shift));
  }
  bytes.insert(bytes.end(), out.rbegin(), out.rend());
  return bytes;
}

std::span<const std::uint8_t> rans_decode(std::span<const std::uint8_t> bytes, std::span<std::int8_t> codes) {
  if (codes.empty()) {
    return bytes;
  }
  Reader reader(bytes);
  const auto lowest = static_cast<std::int8_t>(reader.byte()), highest = static_cast<std::int8_t>(reader.byte());
  if (lowest > highest) {
    fail(ErrorKind::input, "expected entropy-coded codes in ascending order, got {} to {}", lowest, highest);
  }
  if (lowest == highest) {
    std::fill(codes.begin(), codes.end(), lowest);
    return reader.left();
  }
  const Frequencies frequencies = read_table(lowest, highest, reader);
  const std::vector<std::int8_t> owners = owners_of(frequencies);
  std::uint32_t x = 0;
  for (std::uint32_t shift = 0; shift < 32; shift += 8) {
    x |= reader.byte() << shift;
  }
  for (std::int8_t& code : codes) {
    const std::uint32_t remainder = x % kTotal;
    code = owners[remainder];
    x = frequencies.of[index_of(code)] * (x >> kTableBits) + remainder - frequencies.below[index_of(code)];
    while (x < kStart) {
      x = x << 8 | reader.byte();
    }
  }
  if (x != kStart) {
    fail(ErrorKind::input, "expected entropy-coded codes that end in the state {}, got {}", kStart, x);
  }
  return reader.left();
}

}  // namespace octet
