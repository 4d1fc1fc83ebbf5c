#pragma once

#include "tensor/cuda/language/mma.h"
#include "tensor/cuda/panels/few_rows.h"
#include "tensor/cuda/panels/group_steps.h"

// Products of up to 16 rows of codes on tensor cores, bound by the bytes of the weight. For each row few_rows.h needs a
// handful of instructions for 512 bytes of the weight; here one instruction serves 16 rows. The weight goes from where
// it lies to the registers of the instruction, without shared memory: the instruction multiplies element by element
// along K, whichever elements they are, so a lane takes codes that lie together as its part of B, and the same codes of
// x as its part of A. A block owns 16 columns, two fragments of 8, and each warp a part of K.

namespace octet::cuda {
namespace {

/// What lane (g, t) of a warp reads of a piece of a panel, 32 codes along K: the codes [8 t, 8 t + 8) of the columns 2
/// g and 2 g + 1. Fragment j is made of the columns 2 g + j.
template <typename Format>
struct PanelPiece {
  static constexpr int kProducts = 1;                   // along K
  static constexpr int kWords = 2 / Format::kElements;  // that hold 8 codes of a column
  static constexpr int kBytes = 256 * kWords;
  using Source = const uint2*;

  uint2 words[kWords];

  static __device__ int column(int fragment, int of_fragment) { return 2 * of_fragment + fragment; }
  /// Where the code `code` of this lane's columns is.
  static __device__ Source at(const PackedCodes& w, std::int64_t panel, int code) {
    return reinterpret_cast<Source>(unit_at<Format>(w, panel, code / Format::kCodes, 0)) + fragment_group();
  }
  /// Of the piece `piece` behind a source.
  __device__ void fetch(Source source, int piece) {
    OCTET_UNROLL
    for (int i = 0; i < kWords; ++i) {
      words[i] = __ldg(source + (piece * 4 * kWords + i) * 8);
    }
  }
  __device__ void fragment(const typename Format::Table& table, int /*product*/, int j, int (&b)[2]) const {
    OCTET_UNROLL
    for (int i = 0; i < kWords; ++i) {
      int quads[Format::kElements];
      Format::unpack_word(j == 0 ? words[i].x : words[i].y, table, quads);
      OCTET_UNROLL
      for (int e = 0; e < Format::kElements; ++e) {
        b[i * Format::kElements + e] = quads[e];
      }
    }
  }
};

/// The same of a weight in rows, 64 codes along K: the codes [16 t, 16 t + 16) of the columns g and g + 8.
template <typename Format>
struct RowPiece {
  static constexpr int kProducts = 2;
  static constexpr int kBytes = 1024;
  struct Source {
    const uint4* columns[2];
  };

  uint4 words[2];

  static __device__ int column(int fragment, int of_fragment) { return kMmaColumns * fragment + of_fragment; }
  static __device__ Source at(const PackedCodes& w, std::int64_t panel, int code) {
    const int unit = code / Format::kCodes, g = fragment_group();
    return {{unit_at<Format>(w, panel, unit, column(0, g)), unit_at<Format>(w, panel, unit, column(1, g))}};
  }
  __device__ void fetch(const Source& source, int piece) {
    words[0] = __ldg(source.columns[0] + 4 * piece);
    words[1] = __ldg(source.columns[1] + 4 * piece);
  }
  __device__ void fragment(const typename Format::Table&, int product, int j, int (&b)[2]) const {
    b[0] = static_cast<int>(product == 0 ? words[j].x : words[j].z);
    b[1] = static_cast<int>(product == 0 ? words[j].y : words[j].w);
  }
};

template <typename Format>
using PieceOf = std::conditional_t<kInRows<Format>, RowPiece<Format>, PanelPiece<Format>>;
template <typename Format>
constexpr int kCodesOfPiece = 32 * PieceOf<Format>::kProducts;
template <typename Format>
using PiecesOfK = StepsOfK<kCodesOfPiece<Format>>;
/// Of a warp before the first is used: two blocks on a processor have 32 KiB of the weight under way, as in few_rows.h.
template <typename Format>
constexpr int kPiecesAtOnce = 2048 / PieceOf<Format>::kBytes;

/// Of the outputs of a lane: element e of fragment j is [j][e], as mma.h has them.
template <typename T>
using PieceSums = T[2][4];

/// One piece of both operands; of groups with scales of their own, those of the lane's four columns. kHalves: eight
/// rows, or sixteen.
template <typename Format, int kHalves>
struct PieceLoad {
  PieceOf<Format> w;
  int2 x[kHalves][PieceOf<Format>::kProducts];
  typename Format::Scales::Four scales;
};

/// sums += x w for the pieces of a warp: int32 sums of all, or those of each group times its scale, and still to be
/// multiplied by Format::kUnit.
template <ScaleOf kScaleOf, typename Format, int kHalves>
class PieceProduct {
 public:
  using Piece = PieceOf<Format>;
  using Sum = std::conditional_t<kScaleOf == ScaleOf::row, int, float>;

  /// The rows m, m + 1, ... with a panel. Rows that do not exist repeat the last one.
  __device__ PieceProduct(const Task<CodeRows>& task, std::int64_t panel, std::int64_t m)
      : w_(task.w),
        table_(task.w),
        panel_(panel),
        pieces_(task.w.layout),
        first_scale_(scale_index(w_, panel, 0) + 4 * fragment_member()),
        whole_pieces_(task.w.layout.group_stride % kCodesOfPiece<Format> == 0
                          ? static_cast<int>(task.w.layout.stride) / kCodesOfPiece<Format>
                          : 0) {
    OCTET_UNROLL
    for (int half = 0; half < kHalves; ++half) {
      const std::int64_t row = m + fragment_group() + half * 8;
      x_[half] = task.x.codes + (row < task.x.rows ? row : task.x.rows - 1) * task.w.layout.stride;
    }
  }

  __device__ const PiecesOfK<Format>& pieces() const { return pieces_; }

  __device__ void add(const Steps& own, PieceSums<Sum>& sums) const {
    constexpr int kRound = kPiecesAtOnce<Format>;
    PieceSums<int> of_group = {};
    const int whole_end = own.end < whole_pieces_ ? own.end : whole_pieces_;
    int first = own.begin;
    if (kScaleOf == ScaleOf::group && pieces_.steps_of_group() == 1) {
      for (; first + kRound <= whole_end; first += kRound) {
        add_round<Round::groups>(first, own, of_group, sums);
      }
    }
    for (; first + kRound <= whole_end; first += kRound) {
      add_round<Round::whole>(first, own, of_group, sums);
    }
    for (; first < own.end; first += kRound) {
      add_round<Round::partial>(first, own, of_group, sums);
    }
  }

 private:
  /// What is known of a round of pieces. whole: all are there, and of 32 or 64 codes, so that they follow each other in
  /// memory. groups: and each is a group of its own.
  enum class Round { partial, whole, groups };

  template <Round kRound>
  __device__ void add_round(int first, const Steps& own, PieceSums<int>& of_group, PieceSums<Sum>& sums) const {
    constexpr int kPieces = kPiecesAtOnce<Format>;
    PieceLoad<Format, kHalves> loads[kPieces];
    if constexpr (kRound == Round::partial) {
      OCTET_UNROLL
      for (int i = 0; i < kPieces; ++i) {
        fetch(first + i, own, loads[i]);
      }
    } else {
      fetch_whole(first, loads);
    }
    if constexpr (kScaleOf == ScaleOf::group) {
      OCTET_UNROLL
      for (int i = 0; i < kPieces; ++i) {
        if (kRound != Round::partial || first + i < own.end) {
          const int group = kRound == Round::groups ? first + i : pieces_.group_of(first + i);
          loads[i].scales = Format::Scales::load(w_, first_scale_ + group * kPanelColumns);
        }
      }
    }
    OCTET_UNROLL
    for (int i = 0; i < kPieces; ++i) {
      if constexpr (kScaleOf == ScaleOf::row) {
        multiply(loads[i], sums);
      } else {
        multiply(loads[i], of_group);
        if (kRound == Round::groups || ends_group(first + i, own)) {
          scale(loads[i].scales, of_group, sums);
        }
      }
    }
  }

  /// What this warp has of a group also ends with its own pieces. The same for all lanes.
  __device__ bool ends_group(int piece, const Steps& own) const {
    return piece + 1 == own.end || pieces_.group_of(piece + 1) != pieces_.group_of(piece);
  }

  __device__ void fetch_whole(int first, PieceLoad<Format, kHalves> (&to)[kPiecesAtOnce<Format>]) const {
    const int code = first * kCodesOfPiece<Format> + fragment_member() * 8 * Piece::kProducts;
    const typename Piece::Source source = Piece::at(w_, panel_, code);
    const int2* x[kHalves];
    OCTET_UNROLL
    for (int half = 0; half < kHalves; ++half) {
      x[half] = reinterpret_cast<const int2*>(x_[half] + code);
    }
    OCTET_UNROLL
    for (int i = 0; i < kPiecesAtOnce<Format>; ++i) {
      to[i].w.fetch(source, i);
      OCTET_UNROLL
      for (int half = 0; half < kHalves; ++half) {
        OCTET_UNROLL
        for (int product = 0; product < Piece::kProducts; ++product) {
          to[i].x[half][product] = x[half][i * kCodesOfPiece<Format> / 8 + product];
        }
      }
    }
  }

  /// Zeros where there is nothing.
  __device__ void fetch(int piece, const Steps& own, PieceLoad<Format, kHalves>& to) const {
    const CodesOfStep codes = pieces_.codes_of(piece);
    const int code = codes.begin + fragment_member() * 8 * Piece::kProducts;
    const int end = piece < own.end ? codes.end : codes.begin;
    to = {};
    if (code < end) {
      to.w.fetch(Piece::at(w_, panel_, code), 0);
    }
    OCTET_UNROLL
    for (int product = 0; product < Piece::kProducts; ++product) {
      OCTET_UNROLL
      for (int half = 0; half < kHalves; ++half) {
        if (code + product * 8 < end) {
          to.x[half][product] = reinterpret_cast<const int2*>(x_[half] + code)[product];
        }
      }
    }
  }

  __device__ void multiply(const PieceLoad<Format, kHalves>& load_, PieceSums<int>& sums) const {
    OCTET_UNROLL
    for (int product = 0; product < Piece::kProducts; ++product) {
      const int2 upper = load_.x[0][product], lower = kHalves == 2 ? load_.x[kHalves - 1][product] : int2{};
      const int a[4] = {upper.x, lower.x, upper.y, lower.y};
      OCTET_UNROLL
      for (int j = 0; j < 2; ++j) {
        int b[2];
        load_.w.fragment(table_, product, j, b);
        multiply_fragments(a, b, sums[j]);
      }
    }
  }

  /// Of panels: the columns 2 (2 t + o) + j of a lane, o = 0 and 1, are 4 t + 2 o + j.
  __device__ void scale(const typename Format::Scales::Four& four, PieceSums<int>& of_group,
                        PieceSums<float>& sums) const {
    float scales[4];
    Format::Scales::widen(four, scales);
    OCTET_UNROLL
    for (int j = 0; j < 2; ++j) {
      OCTET_UNROLL
      for (int e = 0; e < 4; ++e) {
        if (e < 2 * kHalves) {
          sums[j][e] = fmaf(static_cast<float>(of_group[j][e]), scales[2 * (e % 2) + j], sums[j][e]);
        }
        of_group[j][e] = 0;
      }
    }
  }

  const PackedCodes& w_;
  typename Format::Table table_;
  std::int64_t panel_;
  PiecesOfK<Format> pieces_;
  std::int64_t first_scale_;
  int whole_pieces_;  // of 32 or 64 codes, one behind the other in memory; the last group may end with a shorter one
  const std::int8_t* x_[kHalves];
};

/// The part of a warp of [begin, end).
__device__ inline Steps part_of_warp(int begin, int end) {
  const int pieces = (end - begin + kFewWarps - 1) / kFewWarps;
  const int first = begin + warp_id() * pieces, last = first + pieces;
  return {first < end ? first : end, last < end ? last : end};
}

/// sums = sums * kUnit + x_sum * offset of the groups, which are dealt to warps.
template <typename Format, int kHalves>
__device__ void unit_and_group_offsets(const Task<CodeRows>& task, std::int64_t panel, std::int64_t m,
                                       PieceSums<float>& sums) {
  const PackedCodes& w = task.w;
  for (auto& fragment : sums) {
    for (float& sum : fragment) {
      sum *= Format::kUnit;
    }
  }
  const std::int64_t groups = w.offsets == nullptr ? 0 : w.layout.groups;
  for (std::int64_t group = warp_id(); group < groups; group += kFewWarps) {
    OCTET_UNROLL
    for (int half = 0; half < kHalves; ++half) {
      const std::int64_t row = m + fragment_group() + half * 8;
      const float of_row = row < task.x.rows ? x_sum(task.x, groups, row, group) : 0.0F;
      OCTET_UNROLL
      for (int j = 0; j < 2; ++j) {
        OCTET_UNROLL
        for (int o = 0; o < 2; ++o) {
          const int column = PieceOf<Format>::column(j, 2 * fragment_member() + o);
          const float offset = __ldg(w.offsets + scale_index(w, panel, group) + column);
          sums[j][2 * half + o] = fmaf(of_row, offset, sums[j][2 * half + o]);
        }
      }
    }
  }
}

/// The sums of all warps in their order: thread t gets that of row t / 16 and column t % 16 of the block.
template <typename Format, int kHalves, typename Sum>
__device__ Sum total_of_pieces(const PieceSums<Sum>& sums) {
  constexpr int kOutputs = 8 * kHalves * static_cast<int>(kPanelColumns);
  __shared__ Sum of_warp[kFewWarps][kOutputs];
  OCTET_UNROLL
  for (int j = 0; j < 2; ++j) {
    OCTET_UNROLL
    for (int e = 0; e < 2 * kHalves; ++e) {
      const int row = fragment_group() + e / 2 * 8, column = PieceOf<Format>::column(j, 2 * fragment_member() + e % 2);
      of_warp[warp_id()][row * kPanelColumns + column] = sums[j][e];
    }
  }
  __syncthreads();
  Sum total = 0;
  if (threadIdx.x < kOutputs) {
    for (int warp = 0; warp < kFewWarps; ++warp) {
      total += of_warp[warp][threadIdx.x];
    }
  }
  __syncthreads();  // before anyone writes to of_warp again
  return total;
}

/// A block for each 16 columns (x) and each 8 or 16 rows (y).
template <typename Format, int kHalves, ScaleOf kScaleOf>
__global__ void __launch_bounds__(kFewThreads, kFewBlocks) few_rows_mma(Task<CodeRows> task, bool ahead) {
  wait_for_rows<Format>(task.w, ahead);
  const PackedCodes& w = task.w;
  const std::int64_t panel = blockIdx.x, m = std::int64_t{blockIdx.y} * 8 * kHalves;
  const PieceProduct<kScaleOf, Format, kHalves> product(task, panel, m);
  PieceSums<typename PieceProduct<kScaleOf, Format, kHalves>::Sum> sums = {};
  product.add(part_of_warp(0, product.pieces().all()), sums);
  const Place<8 * kHalves> place(m, task.x.rows, w.n);
  float total = 0.0F;
  if constexpr (kScaleOf == ScaleOf::group) {
    unit_and_group_offsets<Format, kHalves>(task, panel, m, sums);
    total = total_of_pieces<Format, kHalves>(sums);
  } else {
    total = Format::value(total_of_pieces<Format, kHalves>(sums));
    total *= place.exists ? Format::Scales::at(w, place.n) : 0.0F;
    if (place.exists && w.offsets != nullptr) {
      total = fmaf(x_sum(task.x, 1, place.m, 0), w.offsets[place.n], total);
    }
  }
  if (place.exists) {
    finish(task, place.m, place.n, total);
  }
}

/// The exact sums of every group alone.
template <typename Format, int kHalves>
__global__ void __launch_bounds__(kFewThreads, kFewBlocks) few_rows_mma_sums(Task<CodeRows> task, bool ahead) {
  wait_for_rows<Format>(task.w, ahead);
  const PackedCodes& w = task.w;
  const std::int64_t m = std::int64_t{blockIdx.y} * 8 * kHalves;
  const PieceProduct<ScaleOf::row, Format, kHalves> product(task, blockIdx.x, m);
  const Place<8 * kHalves> place(m, task.x.rows, w.n);
  for (int group = 0; group < static_cast<int>(w.layout.groups); ++group) {
    PieceSums<int> sums = {};
    product.add(part_of_warp(product.pieces().begin_of(group), product.pieces().begin_of(group + 1)), sums);
    const int total = total_of_pieces<Format, kHalves>(sums);
    if (place.exists) {
      static_cast<std::int32_t*>(task.y)[(group * task.x.rows + place.m) * w.n + place.n] = Format::exact(total);
    }
  }
}

/// Calls start(halves, as a constant).
template <typename Start>
void with_halves(std::int64_t rows, Start start) {
  if (rows <= 8) {
    start(std::integral_constant<int, 1>());
  } else {
    start(std::integral_constant<int, 2>());
  }
}

}  // namespace
}  // namespace octet::cuda
