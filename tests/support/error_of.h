#pragma once

#include <string>

#include <gtest/gtest.h>

#include "base/error.h"

namespace octet {

/// The message of the error that `action` throws, or "no error".
template <typename Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

/// The same of an error of this kind; the test fails where there is another, or none.
template <typename Action>
std::string error_of(ErrorKind kind, const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "expected an error";
  return "no error";
}

}  // namespace octet
