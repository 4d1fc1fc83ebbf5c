#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/files/known_folder.h"

namespace octet {

// Where --out of `octet import` and `octet export` may lead: to something new, or to what the same verb made before,
// which is replaced. What another program made may be the only copy. All errors are of ErrorKind::config.

/// What may be replaced.
struct Replaceable {
  const char* name;              ///< "a model of Octet", for messages
  std::function<bool()> is_one;  ///< whether --out is one; an Error means no
};

/// Error unless `out` may become a folder of `files`.
void check_out_folder(const std::filesystem::path& out, const FileNames& files, const Replaceable& earlier);

/// The same of a file. Of a kind of files that do not tell who made them none is replaced: null.
void check_out_file(const std::filesystem::path& out, const Replaceable* earlier);

/// Error where `out` is `source` or lies in it: nothing is put into a checkpoint, which training could then not
/// replace. `what` is the source, for messages: "the checkpoint".
void expect_outside(const std::filesystem::path& source, const std::filesystem::path& out, const char* what);

/// Error where `out` is `source`.
void expect_another(const std::filesystem::path& source, const std::filesystem::path& out, const char* what);

}  // namespace octet
