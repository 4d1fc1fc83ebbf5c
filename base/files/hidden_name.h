#pragma once

#include <cerrno>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace octet {

/// Names of what is not complete yet, or no longer wanted: `.last.tmp-417-0` beside `last`.

inline constexpr std::string_view kTemporary = "tmp";  // not complete yet
inline constexpr std::string_view kReplaced = "old";   // complete, but another folder is taking its place

/// A hidden name beside `path`. No other call in this process gives the same one. A file of a dead process may have
/// it: process ids come again, in containers at once.
std::filesystem::path sibling(const std::filesystem::path& path, std::string_view purpose);

/// A hidden name that nothing has, for a folder that gives up its own.
std::filesystem::path free_sibling(const std::filesystem::path& path, std::string_view purpose);

/// Calls create(name) with one hidden name after the other until it finds one that is free; create returns whether it
/// succeeded, else errno tells why not. Returns the name, of which `create` may have made nothing.
template <typename Create>
std::filesystem::path create_sibling(const std::filesystem::path& path, const Create& create) {
  std::filesystem::path name = sibling(path, kTemporary);
  while (!create(name) && errno == EEXIST) {
    name = sibling(path, kTemporary);
  }
  return name;
}

/// What a hidden name of `sibling` stands for.
struct Leftover {
  std::string name;  ///< the final one
  std::string purpose;
};

/// Nothing where `hidden` is no name of `sibling`.
std::optional<Leftover> parse_leftover(const std::string& hidden);

}  // namespace octet
