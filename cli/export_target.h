#pragma once

#include <string>

#include "base/config/field.h"

namespace octet {

/// What a model can become.
enum class ExportTarget { hf, compressed_tensors, gguf, imatrix, kld_base };

template <>
inline constexpr auto enum_names<ExportTarget> =
    std::to_array<EnumName<ExportTarget>>({{ExportTarget::hf, "hf"},
                                           {ExportTarget::compressed_tensors, "compressed-tensors"},
                                           {ExportTarget::gguf, "gguf"},
                                           {ExportTarget::imatrix, "imatrix"},
                                           {ExportTarget::kld_base, "kld-base"}});

/// The target of this name. Error (config) naming those there are.
ExportTarget target_of(const std::string& name);

/// Whether the target needs a text that the model reads.
bool reads_text(ExportTarget target);

/// Whether it is one file, and not a folder.
bool makes_file(ExportTarget target);

}  // namespace octet
