#include "base/failure_text.h"

#include <filesystem>
#include <new>

#include <gtest/gtest.h>

#include "base/error.h"

namespace octet::failure_text_test {
namespace {

TEST(FailureText, IsWrittenForPeople) {
  EXPECT_EQ(failure_text(Error(ErrorKind::input, "a.json: broken")), "a.json: broken");
  EXPECT_EQ(failure_text(std::bad_alloc()), "out of memory");
  EXPECT_EQ(failure_text(std::length_error("vector::_M_fill_insert")),
            "a fault of this program: vector::_M_fill_insert");
  try {
    (void)std::filesystem::file_size("/nowhere/at all");
    FAIL() << "there is such a file";
  } catch (const std::exception& failure) {
    EXPECT_EQ(failure_text(failure), "/nowhere/at all: No such file or directory");
  }
}

}  // namespace
}  // namespace octet::failure_text_test
