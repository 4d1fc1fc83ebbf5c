#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "base/interrupt.h"

namespace octet {

/// Lets a long loop over text answer Ctrl-C, at almost no cost: the flag is looked at once in many steps.
class InterruptCheck {
 public:
  /// `task` is what the error says was interrupted, such as "reading the text"; it must outlive this.
  explicit InterruptCheck(std::string_view task) : task_(task) {}

  /// Counts work done, in steps of well below a microsecond each. Returns whether the flag was looked at, which is a
  /// good moment to report progress. Error (interrupted) after Ctrl-C.
  bool step(std::size_t steps = 1) {
    if ((waiting_ += steps) < kSteps) return false;
    waiting_ = 0;
    look();
    return true;
  }

  /// Looks at once, for steps that are rare.
  void look() const {
    if (interrupt_requested()) {
      fail(ErrorKind::interrupted, "{} was interrupted; the same command starts it again", task_);
    }
  }

 private:
  static constexpr std::size_t kSteps = 64 * 1024;

  std::string_view task_;
  std::size_t waiting_ = 0;
};

}  // namespace octet
