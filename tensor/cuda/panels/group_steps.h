#pragma once

#include "tensor/cuda/language/device.h"
#include "tensor/kernels/packed_codes.h"

// K in steps for tensor cores, which add up the products of 32 codes at once: no step has codes of two groups.

namespace octet::cuda {

/// Groups of steps, none of them empty. The group of a step n is n / d, with d steps in a group; a GPU has no
/// instruction that divides, and a division takes about 20. Instead n is multiplied by 2^31 / d, rounded up, and
/// divided by 2^31: rounding adds less than n / 2^31 to a quotient whose fraction is at most 1 - 1 / d, so n * d must
/// stay below 2^31 (check_layout.h).
class StepGroups {
 public:
  __device__ explicit StepGroups(int steps_of_group)
      : steps_of_group_(steps_of_group),
        reciprocal_(((1U << 31) + static_cast<unsigned>(steps_of_group) - 1) / static_cast<unsigned>(steps_of_group)) {}

  __device__ int group_of(int step) const {
    return static_cast<int>(std::uint64_t{2 * static_cast<unsigned>(step)} * reciprocal_ >> 32);
  }
  __device__ int begin_of(int group) const { return group * steps_of_group_; }
  __device__ int steps_of_group() const { return steps_of_group_; }

 private:
  int steps_of_group_;
  unsigned reciprocal_;
};

/// The codes [begin, end) of a padded row that are a step.
struct CodesOfStep {
  int begin, end;
};

/// Steps of at most kCodes codes, counted over all groups. Where a group is no multiple of kCodes, its last step is
/// shorter.
template <int kCodes>
class StepsOfK : public StepGroups {
 public:
  __device__ explicit StepsOfK(const CodeLayout& layout)
      : StepGroups(static_cast<int>((layout.group_stride + kCodes - 1) / kCodes)),
        groups_(static_cast<int>(layout.groups)),
        group_stride_(static_cast<int>(layout.group_stride)),
        stride_(static_cast<int>(layout.stride)) {}

  __device__ int all() const { return groups_ * steps_of_group(); }
  /// None behind the last group.
  __device__ CodesOfStep codes_of(int step) const {
    const int group = group_of(step), group_begin = group * group_stride_;
    const int begin = group_begin + (step - begin_of(group)) * kCodes;
    const int group_end = group + 1 < groups_ ? group_begin + group_stride_ : stride_;
    const int end = begin + kCodes < group_end ? begin + kCodes : group_end;
    return {begin, step < all() ? end : begin};
  }

 private:
  int groups_, group_stride_, stride_;
};

}  // namespace octet::cuda
