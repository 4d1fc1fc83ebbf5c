#pragma once

#include <concepts>

#include "tensor/cpu/kernels/nonlinearity.h"
#include "tensor/cpu/kernels/unrolled.h"
#include "tensor/kernels/packed_task.h"

// What all products with packed weights share, whatever the format and the instruction set: how rows and panels are cut
// into tiles, how tiles are dealt to threads, and the epilogue. A file of an instruction set brings its lanes and its
// formats. Everything below is inlined into kernels of one format.

namespace octet::cpu {
namespace {

// Panels of a task: 64 columns, whose int8 codes with K = 768 (48 KiB) stay in the cache while the rows pass by.
constexpr std::int64_t kTaskPanels = 4;
// Rows of a task: their codes (132 x K bytes) stay in the L2 cache while the panels of a thread pass by. A multiple of
// 6, 11 and 12, the rows of the AVX-512 tiles of int8, int4 and FP32 activations.
constexpr std::int64_t kTaskRows = 132;
// Below this many multiplications, waking the other threads costs more than they save.
constexpr std::int64_t kParallelProducts = 1 << 17;

enum class Scales { none, f32, f16 };

/// 16 float lanes of an instruction set: one panel.
template <typename Isa>
concept Lanes = requires(typename Isa::Float lanes, const float* floats, const Float16* halves, float* to,
                         std::int64_t count) {
  requires Isa::kWidePanels >
  0;  // panels of a tile of few rows
  lanes = Isa::broadcast(1.0F);
  lanes = Isa::load(floats);
  lanes = Isa::load(halves);
  lanes = Isa::load_first(floats, count);
  Isa::store(to, lanes);
  Isa::store_first(to, count, lanes);
  lanes = Isa::multiply(lanes, lanes);
  lanes = Isa::multiply_add(lanes, lanes, lanes);
};

/// What the codes of a group of R rows and V panels add up to.
template <typename Format, typename Isa>
concept PanelFormat = Lanes<Isa> && requires(const Task<typename Format::Rows>& task, std::int64_t index,
                                             typename Format::Sums (&sums)[1][1], typename Isa::Float lanes) {
  requires Format::kTallRows >
  0 && Format::kTallPanels > 0;  // the tile where there are many rows
  { Format::kScales } -> std::convertible_to<Scales>;
  Format::template group<1, 1>(task, index, index, index, sums);  // of row m, a panel and a group
  lanes = Format::to_float(sums[0][0]);
  { Format::row_scale(task.x, index) } -> std::same_as<float>;  // of row m
  { Format::x_sum(task.x, index) } -> std::same_as<float>;      // of m * groups + group
};

/// One whose sums are exact.
template <typename Format, typename Isa>
concept CodeFormat = PanelFormat<Format, Isa> && requires(const typename Format::Sums& sums, std::int32_t* to) {
  Isa::store_first(to, std::int64_t{}, Format::exact(sums));
};

/// The scales of a group of one panel.
template <typename Isa, Scales kScales>
[[gnu::always_inline]] inline typename Isa::Float scales_of(const PackedCodes& w, std::int64_t index) {
  if constexpr (kScales == Scales::f32) {
    return Isa::load(w.scales + index);
  } else if constexpr (kScales == Scales::f16) {
    return Isa::load(w.half_scales + index);
  } else {
    return Isa::broadcast(1.0F);
  }
}

/// y += x_sum * offset over the groups, for weights with a minimum. Apart, because its branch would cost the others
/// registers.
template <typename Isa, typename Format, int R, int V>
[[gnu::noinline]] void add_offsets(const Task<typename Format::Rows>& task, std::int64_t m, std::int64_t panel,
                                   typename Isa::Float (&y)[R][V]) {
  const std::int64_t groups = task.w.layout.groups;
  for (std::int64_t group = 0; group < groups; ++group) {
    for (int v = 0; v < V; ++v) {
      const auto offset = Isa::load(task.w.offsets + ((panel + v) * groups + group) * kPanelColumns);
      for (int r = 0; r < R; ++r) {
        const float x_sum = Format::x_sum(task.x, (m + r) * groups + group);
        y[r][v] = Isa::multiply_add(Isa::broadcast(x_sum), offset, y[r][v]);
      }
    }
  }
}

/// y = sums * scale (+ x_sum * offset), added over groups, * row scale + bias, f, + residual: R rows against V panels.
template <typename Isa, typename Format, int R, int V>
struct LinearTile {
  static void run(const Task<typename Format::Rows>& task, std::int64_t m, std::int64_t panel) {
    const PackedCodes& w = task.w;
    const std::int64_t groups = w.layout.groups;
    // The result is written once, far from what was written last: without this, stores wait for the memory.
    for (int r = 0; r < R; ++r) {
      const float* out = static_cast<const float*>(task.y) + (m + r) * w.n + panel * kPanelColumns;
      for (int v = 0; v < V; ++v) {
        __builtin_prefetch(out + v * kPanelColumns, 1);
      }
    }
    typename Isa::Float y[R][V];
    const auto add_group = [&](std::int64_t group, auto add) OCTET_INLINE {
      typename Format::Sums sums[R][V];
      Format::template group<R, V>(task, m, panel, group, sums);
      unrolled<V>([&](auto v) OCTET_INLINE {
        const std::int64_t index = ((panel + v) * groups + group) * kPanelColumns;
        const auto scale = scales_of<Isa, Format::kScales>(w, index);
        unrolled<R>([&](auto r) OCTET_INLINE { add(y[r][v], Format::to_float(sums[r][v]), scale); });
      });
    };
    using Float = typename Isa::Float;
    if (groups == 1) {  // the sums go straight to the result: there is no room for both in registers
      add_group(0, [](Float& to, Float value, Float scale) OCTET_INLINE { to = Isa::multiply(value, scale); });
    } else {
      unrolled<R * V>([&](auto i) OCTET_INLINE { y[i / V][i % V] = Isa::broadcast(0.0F); });
      for (std::int64_t group = 0; group < groups; ++group) {
        add_group(group,
                  [](Float& to, Float value, Float scale) OCTET_INLINE { to = Isa::multiply_add(value, scale, to); });
      }
    }
    if (w.offsets != nullptr) {
      add_offsets<Isa, Format, R, V>(task, m, panel, y);
    }
    const std::int64_t first = panel * kPanelColumns;
    const std::int64_t rest = w.n - first;
    float* const out = static_cast<float*>(task.y) + m * w.n + first;
    const auto finish = [&](auto store) OCTET_INLINE {
      unrolled<V>([&](auto v) OCTET_INLINE {
        const std::int64_t column = v * kPanelColumns;
        const Float bias =
            task.bias == nullptr ? Isa::broadcast(0.0F) : Isa::load_first(task.bias + first + column, rest - column);
        unrolled<R>([&](auto r) OCTET_INLINE {
          const Float row_scale = Isa::broadcast(Format::row_scale(task.x, m + r));
          store(out + r * w.n + column, rest - column, Isa::multiply_add(y[r][v], row_scale, bias));
        });
      });
    };
    if (rest >= V * kPanelColumns) {
      finish([](float* to, std::int64_t, Float value) OCTET_INLINE { Isa::store(to, value); });
    } else {
      finish([](float* to, std::int64_t count, Float value) OCTET_INLINE { Isa::store_first(to, count, value); });
    }
    if (task.f != Nonlinearity::none || task.residual != nullptr) {
      for (int r = 0; r < R; ++r) {
        finish_part(task, (m + r) * w.n + first, rest < V * kPanelColumns ? rest : V * kPanelColumns, out + r * w.n);
      }
    }
  }
};

/// The exact sums of every group alone.
template <typename Isa, typename Format, int R, int V>
struct SumsTile {
  static void run(const Task<CodeRows>& task, std::int64_t m, std::int64_t panel) {
    const PackedCodes& w = task.w;
    for (std::int64_t group = 0; group < w.layout.groups; ++group) {
      typename Format::Sums sums[R][V];
      Format::template group<R, V>(task, m, panel, group, sums);
      unrolled<R * V>([&](auto i) OCTET_INLINE {
        constexpr int r = i / V, v = i % V;
        const std::int64_t column = (panel + v) * kPanelColumns;
        Isa::store_first(static_cast<std::int32_t*>(task.y) + (group * task.x.rows + m + r) * w.n + column,
                         w.n - column, Format::exact(sums[r][v]));
      });
    }
  }
};

/// R rows against the panels [begin, end), V at a time.
template <template <typename, typename, int, int> typename Tile, typename Isa, typename Format, int R, int V>
void row_strip(const Task<typename Format::Rows>& task, std::int64_t m, std::int64_t begin, std::int64_t end) {
  std::int64_t panel = begin;
  for (; panel + V <= end; panel += V) {
    Tile<Isa, Format, R, V>::run(task, m, panel);
  }
  for (; panel < end; ++panel) {
    Tile<Isa, Format, R, 1>::run(task, m, panel);
  }
}

/// Rows [begin, end) against the panels [first, last): tall tiles while there are rows for them, then wide ones.
template <template <typename, typename, int, int> typename Tile, typename Isa, typename Format>
void task_tiles(const Task<typename Format::Rows>& task, std::int64_t begin, std::int64_t end, std::int64_t first,
                std::int64_t last) {
  constexpr int kRows = Format::kTallRows, kTall = Format::kTallPanels, kWide = Isa::kWidePanels;
  const std::int64_t tall_end = begin + (end - begin) / kRows * kRows;
  for (std::int64_t panel = first; panel < last; panel += kTall) {
    const std::int64_t panel_end = panel + kTall < last ? panel + kTall : last;
    for (std::int64_t m = begin; m < tall_end; m += kRows) {
      row_strip<Tile, Isa, Format, kRows, kTall>(task, m, panel, panel_end);
    }
  }
  std::int64_t m = tall_end;
  for (; m + 4 <= end; m += 4) {
    row_strip<Tile, Isa, Format, 4, kWide>(task, m, first, last);
  }
  for (; m + 2 <= end; m += 2) {
    row_strip<Tile, Isa, Format, 2, kWide>(task, m, first, last);
  }
  for (; m < end; ++m) {
    row_strip<Tile, Isa, Format, 1, kWide>(task, m, first, last);
  }
}

template <template <typename, typename, int, int> typename Tile, typename Isa, typename Format>
void all_tasks(const Task<typename Format::Rows>& task) {
  const std::int64_t rows = task.x.rows;
  const std::int64_t panels = (task.w.n + kPanelColumns - 1) / kPanelColumns;
  const std::int64_t row_blocks = (rows + kTaskRows - 1) / kTaskRows;
  const std::int64_t panel_blocks = (panels + kTaskPanels - 1) / kTaskPanels;
#pragma omp parallel for collapse(2) schedule(static) if (rows * task.w.n * task.w.layout.stride > kParallelProducts)
  for (std::int64_t p = 0; p < panel_blocks; ++p) {
    for (std::int64_t b = 0; b < row_blocks; ++b) {
      const std::int64_t row_end = (b + 1) * kTaskRows < rows ? (b + 1) * kTaskRows : rows;
      const std::int64_t panel_end = (p + 1) * kTaskPanels < panels ? (p + 1) * kTaskPanels : panels;
      task_tiles<Tile, Isa, Format>(task, b * kTaskRows, row_end, p * kTaskPanels, panel_end);
    }
  }
}

template <Lanes Isa, CodeFormat<Isa> Format>
void packed_product(const IntProductArgs& args) {
  all_tasks<SumsTile, Isa, Format>(task_of(args));
}

template <Lanes Isa, PanelFormat<Isa> Format>
void packed_linear(const PackedLinearArgs<typename Format::Rows>& args) {
  all_tasks<LinearTile, Isa, Format>(task_of(args));
}

}  // namespace
}  // namespace octet::cpu
