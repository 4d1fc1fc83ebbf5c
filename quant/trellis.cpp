#include "quant/trellis.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/parallel.h"
#include "quant/scales.h"
#include "quant/trellis_path.h"
#include "tensor/half.h"
#include "tensor/kernels/trellis_code.h"

namespace octet {
namespace {

using Matrix = Eigen::MatrixXd;
using Floats = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Index = Eigen::Index;

/// The standard deviation of the levels.
double level_spread(const Trellis& trellis) {
  double squares = 0;
  for (const float level : trellis.levels) {
    squares += static_cast<double>(level) * static_cast<double>(level);
  }
  return std::sqrt(squares / static_cast<double>(trellis.states()));
}

/// The standard deviation of the levels in units of that of the weights, by bits, where least is lost: measured on unit
/// Gaussians, in steps of 0.04. The more bits, the more it costs that levels end at 3.45 standard deviations.
constexpr double kSpread[] = {0.0, 0.0, 1.03, 1.09, 1.15};

/// The FP16 number nearest to a scale other than 0, and not 0 either.
float stored_scale(double scale, std::int64_t row) {
  const float half = to_float(to_float16(static_cast<float>(scale)));
  check(std::isfinite(half), "[quantize] expected weights whose scales FP16 can hold, got a scale of {:g} for row {}",
        scale, row);
  return half != 0.0F ? half : std::copysign(0x1p-24F, static_cast<float>(scale));
}

/// A weight while it is made: levels and codes of tiles, and the scales of rows.
class Builder {
 public:
  Builder(const Tensor& w, int bits)
      : trellis_(usual_trellis(checked(bits))),
        columns_(w.dim(1)),
        codes_(Tensor::zeros({trellis_tiles(w.dim(0)), trellis_tiles(columns_), trellis_tile_bytes(bits)}, DType::u8)),
        levels_(Floats::Zero(w.dim(0), columns_)) {
    const double spread = kSpread[bits] / level_spread(trellis_);
    for (std::int64_t row = 0; row < w.dim(0); ++row) {
      const std::span<const float> values =
          w.span<float>().subspan(static_cast<std::size_t>(row * columns_), static_cast<std::size_t>(columns_));
      const double squares = std::inner_product(values.begin(), values.end(), values.begin(), 0.0, std::plus<>(),
                                                [](float a, float b) { return static_cast<double>(a) * b; });
      scales_.push_back(squares == 0 ? 0.0F
                                     : stored_scale(spread * std::sqrt(squares / static_cast<double>(columns_)), row));
    }
  }

  std::int64_t rows() const { return levels_.rows(); }
  std::int64_t columns() const { return columns_; }
  std::int64_t panels() const { return codes_.dim(0); }
  std::int64_t tiles() const { return codes_.dim(1); }
  const Trellis& trellis() const { return trellis_; }
  const Floats& levels() const { return levels_; }  // (R, C)
  float scale(std::int64_t row) const { return scales_[static_cast<std::size_t>(row)]; }
  void set_scale(std::int64_t row, float scale) { scales_[static_cast<std::size_t>(row)] = scale; }

  /// Rounds a tile to `targets` (its rows, its columns). `weights` tells what an error in each of its columns counts,
  /// `shares` (its columns, its columns) the share of the error of column j that column c < j takes; null: none.
  void round(std::int64_t panel, std::int64_t tile, TrellisPath& path, const Floats& targets,
             std::span<const float> weights, const Floats* shares) {
    const Index rows = targets.rows(), columns = targets.cols();
    const float* const scales = scales_.data() + panel * kTrellisTile;
    float largest = 0.0F;
    for (Index r = 0; r < rows; ++r) {
      largest = std::max(largest, std::fabs(scales[r]));
    }
    if (largest == 0.0F) {
      return;
    }
    std::array<float, kTrellisLength> along = {}, costs = {};
    std::array<std::uint16_t, kTrellisLength> walk;
    for (Index r = 0; r < rows; ++r) {
      const float share = scales[r] / largest;  // an error of a level counts scale^2
      for (Index c = 0; c < columns && scales[r] != 0.0F; ++c) {
        along[step_of(r, c)] = targets(r, c) / scales[r];
        costs[step_of(r, c)] = share * share * weights[static_cast<std::size_t>(c)];
      }
    }
    const auto pass_on = [&](std::size_t t, std::span<const std::uint16_t> latest, std::span<float> live) {
      const Index from = kTrellisTile - static_cast<Index>(t) / kTrellisTile;  // the column that has just been rounded
      for (Index r = 0; r < rows && from < columns; ++r) {
        const std::size_t step = step_of(r, from);
        const float error = along[step] - trellis_.levels[latest[step % TrellisPath::kRun]];
        for (Index c = 0; c < from; ++c) {
          live[step_of(r, c)] += error * (*shares)(from, c);
        }
      }
    };
    path.find_ring(along, costs, walk, shares != nullptr ? TrellisPath::Feedback(pass_on) : nullptr);
    for (Index r = 0; r < rows; ++r) {
      for (Index c = 0; c < columns; ++c) {
        levels_(panel * kTrellisTile + r, tile * kTrellisTile + c) = trellis_.levels[walk[step_of(r, c)]];
      }
    }
    put_ring(codes_.data<std::uint8_t>() + (panel * tiles() + tile) * codes_.dim(2), walk);
  }

  TrellisWeight weight() const {
    Tensor scales = Tensor::empty({rows()}, DType::f16);
    std::transform(scales_.begin(), scales_.end(), scales.data<Float16>(), to_float16);
    return {codes_, scales, columns_, trellis_.bits};
  }

 private:
  static int checked(int bits) {
    if (bits < 2 || bits > 4) {
      fail(ErrorKind::config, "[quantize] expected 2 to 4 bits for the format trellis, got {}", bits);
    }
    return bits;
  }

  /// The walk goes from the last place of a tile to the first.
  static std::size_t step_of(Index r, Index c) {
    return static_cast<std::size_t>(kTrellisLength - 1 - (c * kTrellisTile + r));
  }

  /// The new bits of each step, the last step first.
  void put_ring(std::uint8_t* ring, std::span<const std::uint16_t> walk) const {
    const auto bits = static_cast<std::size_t>(trellis_.bits);
    for (std::size_t place = 0; place < walk.size(); ++place) {
      const unsigned code = walk[walk.size() - 1 - place] & ((1U << bits) - 1U);
      const unsigned word = code << place * bits % 8;
      ring[place * bits / 8] = static_cast<std::uint8_t>(ring[place * bits / 8] | word);
      if (word > 0xFF) {
        ring[place * bits / 8 + 1] = static_cast<std::uint8_t>(word >> 8);
      }
    }
  }

  Trellis trellis_;
  std::int64_t columns_;
  Tensor codes_;               // as TrellisWeight has them
  Floats levels_;              // (R, C)
  std::vector<float> scales_;  // (R), as FP16 holds them
};

/// The least squares fit product / square; where the levels of a row are all 0, or fit its weights in no way, the scale
/// that they were chosen for.
void fit_scale(Builder& builder, std::int64_t row, double product, double square) {
  if (builder.scale(row) != 0.0F && square > 0 && product != 0) {
    builder.set_scale(row, stored_scale(product / square, row));
  }
}

/// The part of w that is a tile.
Floats tile_of(const Eigen::Map<const Floats>& w, std::int64_t panel, std::int64_t tile) {
  const Index row = panel * kTrellisTile, column = tile * kTrellisTile;
  return w.block(row, column, std::min<Index>(kTrellisTile, w.rows() - row),
                 std::min<Index>(kTrellisTile, w.cols() - column));
}

/// Calls round(panel, path) for all panels, on several threads.
template <typename Round>
void for_each_panel(const Builder& builder, const Round& round) {
  parallel_for(builder.panels(), 1, [&](std::int64_t begin, std::int64_t end) {
    TrellisPath path(builder.trellis());
    for (std::int64_t panel = begin; panel < end; ++panel) {
      round(panel, path);
    }
  });
}

}  // namespace

TrellisWeight trellis_quantize(const Tensor& w, int bits) {
  const Tensor dense = checked_weights(w);
  const Eigen::Map<const Floats> values(dense.data<float>(), w.dim(0), w.dim(1));
  Builder builder(dense, bits);
  const std::vector<float> alike(static_cast<std::size_t>(kTrellisTile), 1.0F);
  for_each_panel(builder, [&](std::int64_t panel, TrellisPath& path) {
    for (std::int64_t tile = 0; tile < builder.tiles(); ++tile) {
      builder.round(panel, tile, path, tile_of(values, panel, tile), alike, nullptr);
    }
  });
  for (Index row = 0; row < values.rows(); ++row) {
    const Eigen::RowVectorXd levels = builder.levels().row(row).cast<double>();
    fit_scale(builder, row, levels.dot(values.row(row).cast<double>()), levels.squaredNorm());
  }
  return builder.weight();
}

namespace {

/// H = L D L^T.
struct Factors {
  Matrix h;                    // (C, C), damped
  Floats shares;               // (C, C): L
  std::vector<float> weights;  // (C): D, as a share of the mean of the diagonal of H
  double damping;
};

/// By the Cholesky factor H = A A^T: L_jc = A_jc / A_cc and D_c = A_cc^2.
Factors factors_of(const SecondMoments& inputs, double damping) {
  constexpr double kMost = 1e6;  // times the mean of the diagonal: H is as good as a multiple of the identity
  const Index columns = inputs.columns();
  Matrix h(columns, columns);
  for (Index i = 0; i < columns; ++i) {
    for (Index j = 0; j < columns; ++j) {
      h(i, j) = inputs.at(i, j);
    }
  }
  const double mean = std::max(h.diagonal().mean(), 1e-30);
  for (;; damping = std::max(10 * damping, 1e-6)) {
    Factors factors{.h = h, .shares = {}, .weights = {}, .damping = damping};
    factors.h.diagonal().array() += damping * mean;
    const Eigen::LLT<Matrix> cholesky(factors.h);
    if (cholesky.info() != Eigen::Success) {
      check(damping < kMost, "[trellis] expected second moments of inputs, got a matrix that is not positive definite");
      continue;
    }
    const Matrix a = cholesky.matrixL();
    factors.shares = (a * a.diagonal().cwiseInverse().asDiagonal()).cast<float>();
    for (Index c = 0; c < columns; ++c) {
      factors.weights.push_back(static_cast<float>(a(c, c) * a(c, c) / mean));
    }
    return factors;
  }
}

/// Rounds the tiles of a panel, the last first.
void round_panel(const Eigen::Map<const Floats>& w, const Factors& factors, std::int64_t panel, Builder& builder,
                 TrellisPath& path) {
  const Index first_row = panel * kTrellisTile, rows = std::min<Index>(kTrellisTile, w.rows() - first_row);
  Floats errors = Floats::Zero(rows, w.cols());
  for (std::int64_t tile = builder.tiles(); tile-- > 0;) {
    const Floats values = tile_of(w, panel, tile);
    const Index first = tile * kTrellisTile, width = values.cols(), behind = w.cols() - first - width;
    const Floats shares = factors.shares.block(first, first, width, width);
    const Floats targets =
        values + errors.rightCols(behind) * factors.shares.block(first + width, first, behind, width);
    builder.round(panel, tile, path, targets, std::span(factors.weights).subspan(static_cast<std::size_t>(first)),
                  &shares);
    for (Index r = 0; r < rows; ++r) {
      errors.block(r, first, 1, width) =
          values.row(r) - builder.scale(first_row + r) * builder.levels().block(first_row + r, first, 1, width);
    }
  }
}

}  // namespace

TrellisFeedback trellis_gptq(const Tensor& w, const SecondMoments& inputs, int bits, double damping) {
  const Tensor dense = checked_weights(w);
  check(inputs.count() > 0, "[trellis] expected second moments of inputs, got none");
  check(inputs.columns() == w.dim(1), "[trellis] expected inputs of {} columns, got {}", w.dim(1), inputs.columns());
  Builder builder(dense, bits);
  const Factors factors = factors_of(inputs, damping);
  const Eigen::Map<const Floats> values(dense.data<float>(), w.dim(0), w.dim(1));
  for_each_panel(builder,
                 [&](std::int64_t panel, TrellisPath& path) { round_panel(values, factors, panel, builder, path); });
  const Matrix levels = builder.levels().cast<double>(), weighed = levels * factors.h;
  for (Index row = 0; row < values.rows(); ++row) {
    fit_scale(builder, row, weighed.row(row).dot(values.row(row).cast<double>()),
              weighed.row(row).dot(levels.row(row)));
  }
  return {builder.weight(), factors.damping};
}

}  // namespace octet
