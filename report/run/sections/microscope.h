#pragma once

#include "report/run/sections/section.h"

namespace octet {

/// Matrices of the FP32 model under the microscope: the one that quantization hurt most, the one with the largest
/// outliers and an ordinary one, by report.models and report.outliers. What cannot be looked at, such as a matrix of
/// zeros, is left out with a note. With a grid that the reader moves. Draws a chart of each.
ReportSection microscope_section();

}  // namespace octet
