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

  /// Rounds a tile to `target`(row, column), both counted within it. `weights`: of its columns.
  template <typename Target>
  void round(std::int64_t panel, std::int64_t tile, TrellisPath& path, std::span<const float> weights,
             const Target& target) {
    std::array<float, kTrellisLength> targets = {}, costs = {};  // along the walk: from the last place to the first
    std::array<std::uint16_t, kTrellisLength> walk;
    const std::int64_t rows = std::min(kTrellisTile, this->rows() - panel * kTrellisTile);
    const std::int64_t columns = std::min(kTrellisTile, columns_ - tile * kTrellisTile);
    const auto step_of = [](std::int64_t r, std::int64_t c) {
      return static_cast<std::size_t>(kTrellisLength - 1 - (c * kTrellisTile + r));
    };
    double largest = 0;
    for (std::int64_t r = 0; r < rows; ++r) {
      largest = std::max(largest, static_cast<double>(std::fabs(scale(panel * kTrellisTile + r))));
    }
    if (largest == 0) {
      return;
    }
    for (std::int64_t r = 0; r < rows; ++r) {
      const float of_row = scale(panel * kTrellisTile + r);
      const auto share = static_cast<float>(std::pow(of_row / largest, 2.0));  // an error of a level counts scale^2
      for (std::int64_t c = 0; c < columns && of_row != 0.0F; ++c) {
        targets[step_of(r, c)] = target(r, c) / of_row;
        costs[step_of(r, c)] = share * weights[static_cast<std::size_t>(c)];
      }
    }
    path.find_ring(targets, costs, walk);
    for (std::int64_t c = 0; c < columns; ++c) {
      for (std::int64_t r = 0; r < rows; ++r) {
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

/// What columns weigh. One that the text shows no input of still counts a little: another text may.
std::vector<float> floored(std::span<const float> importance, std::int64_t columns) {
  if (importance.empty()) {
    return std::vector<float>(static_cast<std::size_t>(columns), 1.0F);
  }
  constexpr double kLeast = 1e-3;  // of the mean
  const double mean = std::accumulate(importance.begin(), importance.end(), 0.0) / static_cast<double>(columns);
  std::vector<float> weights;
  for (const float weight : importance) {
    weights.push_back(mean > 0 ? static_cast<float>(std::max(weight / mean, kLeast)) : 1.0F);
  }
  return weights;
}

std::span<const float> tile_of(const std::vector<float>& columns, std::int64_t tile) {
  const auto first = static_cast<std::size_t>(tile * kTrellisTile);
  return std::span(columns).subspan(first, std::min(static_cast<std::size_t>(kTrellisTile), columns.size() - first));
}

}  // namespace

TrellisWeight trellis_quantize(const Tensor& w, int bits, std::span<const float> importance) {
  const Tensor dense = checked_weights(w);
  const float* const values = dense.data<float>();
  Builder builder(dense, bits);
  const std::int64_t columns = builder.columns();
  check(importance.empty() || static_cast<std::int64_t>(importance.size()) == columns,
        "[quantize] expected the importance of {} columns, got {}", columns, importance.size());
  const std::vector<float> weights = floored(importance, columns);
  parallel_for(builder.panels(), 1, [&](std::int64_t begin, std::int64_t end) {
    TrellisPath path(builder.trellis());
    for (std::int64_t panel = begin; panel < end; ++panel) {
      for (std::int64_t tile = 0; tile < builder.tiles(); ++tile) {
        builder.round(panel, tile, path, tile_of(weights, tile), [&](std::int64_t r, std::int64_t c) {
          return values[(panel * kTrellisTile + r) * columns + tile * kTrellisTile + c];
        });
      }
    }
  });
  for (std::int64_t row = 0; row < builder.rows(); ++row) {
    double product = 0, square = 0;
    for (std::int64_t c = 0; c < columns; ++c) {
      const double level = builder.levels()(row, c), weight = weights[static_cast<std::size_t>(c)];
      product += weight * static_cast<double>(values[row * columns + c]) * level;
      square += weight * level * level;
    }
    fit_scale(builder, row, product, square);
  }
  return builder.weight();
}

namespace {

/// H = L D L^T in blocks of 16 columns.
struct BlockFactors {
  Matrix h;                     // (C, C), damped
  std::vector<Floats> below;    // of block b: L_jb for all j > b, (columns behind b, columns of b)
  std::vector<float> diagonal;  // (C): of all D_b
  double damping;
};

/// By the Cholesky factor H = A A^T: L_jb = A_jb A_bb^-1 and D_b = A_bb A_bb^T.
BlockFactors factors_of(const SecondMoments& inputs, double damping) {
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
    BlockFactors factors{.h = h, .below = {}, .diagonal = {}, .damping = damping};
    factors.h.diagonal().array() += damping * mean;
    const Eigen::LLT<Matrix> cholesky(factors.h);
    if (cholesky.info() != Eigen::Success) {
      check(damping < kMost, "[trellis] expected second moments of inputs, got a matrix that is not positive definite");
      continue;
    }
    const Matrix a = cholesky.matrixL();
    for (Index first = 0; first < columns; first += kTrellisTile) {
      const Index width = std::min<Index>(kTrellisTile, columns - first), behind = columns - first - width;
      const auto own = a.block(first, first, width, width);
      factors.below.push_back(own.triangularView<Eigen::Lower>()
                                  .solve<Eigen::OnTheRight>(a.block(first + width, first, behind, width))
                                  .cast<float>());
      const Eigen::VectorXd squares = own.rowwise().squaredNorm() / mean;
      for (Index i = 0; i < width; ++i) {
        factors.diagonal.push_back(static_cast<float>(squares[i]));
      }
    }
    return factors;
  }
}

/// Rounds the tiles of a panel, the last first.
void round_panel(const Eigen::Map<const Floats>& w, const BlockFactors& factors, std::int64_t panel, Builder& builder,
                 TrellisPath& path) {
  const Index first_row = panel * kTrellisTile, rows = std::min<Index>(kTrellisTile, w.rows() - first_row);
  Floats errors = Floats::Zero(rows, w.cols());
  for (std::int64_t tile = builder.tiles(); tile-- > 0;) {
    const Index first = tile * kTrellisTile, width = std::min<Index>(kTrellisTile, w.cols() - first);
    Floats targets = w.block(first_row, first, rows, width);
    targets += errors.rightCols(w.cols() - first - width) * factors.below[static_cast<std::size_t>(tile)];
    builder.round(panel, tile, path, tile_of(factors.diagonal, tile),
                  [&](std::int64_t r, std::int64_t c) { return targets(r, c); });
    for (Index r = 0; r < rows; ++r) {
      errors.block(r, first, 1, width) =
          w.block(first_row + r, first, 1, width) -
          builder.scale(first_row + r) * builder.levels().block(first_row + r, first, 1, width);
    }
  }
}

}  // namespace

TrellisFeedback trellis_gptq(const Tensor& w, const SecondMoments& inputs, int bits, double damping) {
  const Tensor dense = checked_weights(w);
  check(inputs.count() > 0, "[trellis] expected second moments of inputs, got none");
  check(inputs.columns() == w.dim(1), "[trellis] expected inputs of {} columns, got {}", w.dim(1), inputs.columns());
  Builder builder(dense, bits);
  const BlockFactors factors = factors_of(inputs, damping);
  const Eigen::Map<const Floats> values(dense.data<float>(), w.dim(0), w.dim(1));
  parallel_for(builder.panels(), 1, [&](std::int64_t begin, std::int64_t end) {
    TrellisPath path(builder.trellis());
    for (std::int64_t panel = begin; panel < end; ++panel) {
      round_panel(values, factors, panel, builder, path);
    }
  });
  const Matrix levels = builder.levels().cast<double>(), weighed = levels * factors.h;
  for (std::int64_t row = 0; row < builder.rows(); ++row) {
    fit_scale(builder, row, weighed.row(row).dot(values.row(row).cast<double>()),
              weighed.row(row).dot(levels.row(row)));
  }
  return {builder.weight(), factors.damping};
}

}  // namespace octet
