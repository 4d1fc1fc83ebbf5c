#pragma once

#include <vector>

#include "eval/microscope/matrix_view.h"
#include "eval/report/sections/section.h"

namespace octet {

class Gpt;
class ProgressSink;

/// Looks at some matrices of the FP32 model: the one that quantization hurt most, the one with the largest outliers and
/// an ordinary one. report.models has the errors of layers and report.outliers those of the weights. What
/// cannot be looked at, such as a matrix of zeros, is left out with a note.
void measure_microscope(Report& report, Gpt& fp32, ProgressSink& progress);

/// Matrices under the microscope, with a grid that the reader moves. Draws a chart of each.
ReportSection microscope_section();

}  // namespace octet
