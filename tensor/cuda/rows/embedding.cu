#include "tensor/cuda/rows/rows.h"
#include "tensor/cuda/runtime/runtime.h"
#include "tensor/cuda/runtime/tables.h"

namespace octet::cuda {
namespace {

template <typename Shape>
__global__ void embedding_kernel(EmbeddingArgs args) {
  const std::int64_t row = blockIdx.x;
  map_row<Shape>(
      args.columns, [](float weight, float& y) { y = weight; }, args.table + args.ids[row] * args.columns,
      args.y + row * args.columns);
}

// The gradient. Every id adds the rows that have it in their order, so that the sum is the same in each run. To find
// them, ids are cut into kRanges ranges, and the rows of each range are listed, in order. A list is a few dozen to a
// few thousand entries; one warp for each id and stripe of columns then looks through the list of its range.

constexpr int kRanges = 256;
constexpr int kSegments = 16;  // of the rows, each listed by a warp of its own
constexpr int kWarpsOfBlock = 8;
constexpr int kBlock = kWarpsOfBlock * kWarp;

struct ListedRow {
  std::int32_t id, row;
};

struct RowLists {
  EmbeddingBackwardArgs args;
  std::int64_t range_ids;     // ids in a range
  std::int64_t segment_rows;  // rows in a segment
  std::int32_t* counts;       // (kRanges, kSegments)
  std::int32_t* starts;       // (kRanges + 1): where the list of a range begins, and the last ends
  ListedRow* rows;            // (rows), by range, then by row
};

/// Calls visit(row, id, belongs) for the rows of a segment, 32 at a time, with all lanes taking part.
template <typename Visit>
__device__ void for_segment(const RowLists& lists, int range, int segment, const Visit& visit) {
  const std::int64_t begin = segment * lists.segment_rows;
  const std::int64_t end = begin + lists.segment_rows < lists.args.rows ? begin + lists.segment_rows : lists.args.rows;
  const std::int64_t first_id = range * lists.range_ids;
  for (std::int64_t row = begin + lane_id(); row - lane_id() < end; row += kWarp) {
    const std::int32_t id = row < end ? lists.args.ids[row] : -1;
    visit(row, id, id >= first_id && id < first_id + lists.range_ids);
  }
}

__global__ void count_rows_kernel(RowLists lists) {
  const int task = static_cast<int>(blockIdx.x) * kWarpsOfBlock + warp_id();
  std::int32_t count = 0;
  for_segment(lists, task / kSegments, task % kSegments,
              [&](std::int64_t, std::int32_t, bool belongs) { count += belongs ? 1 : 0; });
  count = warp_sum(count);
  if (lane_id() == 0) {
    lists.counts[task] = count;
  }
}

/// Entries of all (range, segment) before this one; every lane gets it.
__device__ std::int32_t entries_before(const std::int32_t* counts, int task) {
  std::int32_t sum = 0;
  for (int i = lane_id(); i < task; i += kWarp) {
    sum += counts[i];
  }
  return warp_sum(sum);
}

__global__ void list_rows_kernel(RowLists lists) {
  const int task = static_cast<int>(blockIdx.x) * kWarpsOfBlock + warp_id();
  const int range = task / kSegments, segment = task % kSegments;
  std::int32_t next = entries_before(lists.counts, task);
  if (segment == 0 && lane_id() == 0) {
    lists.starts[range] = next;
  }
  for_segment(lists, range, segment, [&](std::int64_t row, std::int32_t id, bool belongs) {
    const unsigned found = __ballot_sync(kAllLanes, belongs);
    if (belongs) {
      const unsigned before = found & ((1U << lane_id()) - 1);
      lists.rows[next + __popc(before)] = {id, static_cast<std::int32_t>(row)};
    }
    next += __popc(found);
  });
  if (task == kRanges * kSegments - 1 && lane_id() == 0) {
    lists.starts[kRanges] = next;
  }
}

/// sum += the rows dy[row] of those 8 lanes from `first` whose bit of `found` is set; all are asked for at once.
template <int kWidth>
__device__ void add_eight(const float* dy, std::int64_t columns, unsigned found, int first, std::int32_t row,
                          bool inside, Pack<kWidth>& sum) {
  constexpr int kRows = 8;
  Pack<kWidth> terms[kRows];
  for (int i = 0; i < kRows; ++i) {
    const std::int64_t its_row = __shfl_sync(kAllLanes, row, first + i);
    const bool taken = inside && (found >> (first + i) & 1U) != 0;
    terms[i] = taken ? load<kWidth>(dy + its_row * columns) : Pack<kWidth>{};
  }
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < kWidth; ++j) {
      sum.at[j] += terms[i].at[j];
    }
  }
}

/// One warp for an id and 32 packs of columns.
template <int kWidth>
__global__ void embedding_backward_kernel(RowLists lists) {
  const EmbeddingBackwardArgs& args = lists.args;
  const std::int64_t id = std::int64_t{blockIdx.x} * kWarpsOfBlock + warp_id();
  const std::int64_t column = (std::int64_t{blockIdx.y} * kWarp + lane_id()) * kWidth;
  if (id >= args.vocabulary) {  // a whole warp
    return;
  }
  const std::int64_t range = id / lists.range_ids;
  const std::int32_t begin = lists.starts[range], end = lists.starts[range + 1];
  const bool inside = column < args.columns;
  float* dtable = args.dtable + id * args.columns + column;
  Pack<kWidth> sum = inside ? load<kWidth>(dtable) : Pack<kWidth>{};
  bool any = false;
  for (std::int32_t entry = begin + lane_id(); entry - lane_id() < end; entry += kWarp) {
    const ListedRow listed = entry < end ? lists.rows[entry] : ListedRow{-1, 0};
    const unsigned found = __ballot_sync(kAllLanes, listed.id == id);
    any = any || found != 0;
    for (int first = 0; first < kWarp; first += 8) {
      if ((found >> first & 0xFFU) != 0) {
        add_eight<kWidth>(args.dy + column, args.columns, found, first, listed.row, inside, sum);
      }
    }
  }
  if (any && inside) {
    store(dtable, sum);
  }
}

}  // namespace

void embedding(const EmbeddingArgs& args) {
  for_rows(args.rows, args.columns, in_fours(args.columns, args.table, args.y),
           [&](auto shape, Grid grid) { launch("embedding", embedding_kernel<decltype(shape)>, grid, args); });
}

void embedding_backward(const EmbeddingBackwardArgs& args) {
  if (args.rows == 0 || args.columns == 0) {
    return;
  }
  constexpr std::int64_t kTasks = kRanges * kSegments;
  auto* rows = static_cast<ListedRow*>(workspace(static_cast<std::size_t>(args.rows) * sizeof(ListedRow) +
                                                 (kTasks + kRanges + 1) * sizeof(std::int32_t)));
  auto* counts = reinterpret_cast<std::int32_t*>(rows + args.rows);
  const RowLists lists{
      args, (args.vocabulary + kRanges - 1) / kRanges, (args.rows + kSegments - 1) / kSegments, counts, counts + kTasks,
      rows};
  const Grid tasks{dim3(kTasks / kWarpsOfBlock), dim3(kBlock)};
  launch("embedding_backward", count_rows_kernel, tasks, lists);
  launch("embedding_backward", list_rows_kernel, tasks, lists);
  const bool fours = in_fours(args.columns, args.dy, args.dtable);
  const Grid warps{dim3(blocks_for(args.vocabulary, kWarpsOfBlock), blocks_for(args.columns, kWarp * (fours ? 4 : 1))),
                   dim3(kBlock)};
  launch("embedding_backward", fours ? embedding_backward_kernel<4> : embedding_backward_kernel<1>, warps, lists);
}

}  // namespace octet::cuda
