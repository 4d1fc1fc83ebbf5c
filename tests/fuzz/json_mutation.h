#pragma once

#include <cstddef>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace octet::fuzz {

/// `json` with one thing about it changed: a value left out, copied over another, doubled, renamed, replaced by one of
/// another type or by an extreme one, or nested deeply. Nothing where `json` is no JSON or the result would have more
/// than `largest` bytes.
std::optional<std::string> mutate_json(std::string_view json, std::size_t largest, std::mt19937& random);

}  // namespace octet::fuzz
