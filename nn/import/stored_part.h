#pragma once

#include "nn/import/layout.h"
#include "tensor/tensor.h"

namespace octet {

// A stored tensor of a foreign model as rows of a parameter, and back. Both only move numbers: there and back is the
// same tensor.

/// Which of the rows that the part gives stands in row `row` of the stored tensor, where that holds rows.
std::int64_t parameter_row(const SourcePart& part, std::int64_t row);

/// Copies a stored tensor to the rows of a parameter that begin at `to`; returns how many numbers that were.
std::int64_t copy_to_rows(const Tensor& stored, const SourcePart& part, float* to);

/// The tensor to store for some rows of a parameter: (out, in), or (size) of a vector. Its shape is that of the part.
Tensor stored_from_rows(const Tensor& rows, const SourcePart& part);

}  // namespace octet
