#include "base/terminal.h"

#include <cstdlib>
#include <utility>

#include <gtest/gtest.h>

namespace octet::terminal_test {
namespace {

TEST(Terminal, ColumnsOfTheEnvironmentGoBeforeTheTerminal) {
  std::FILE* file = std::tmpfile();  // no terminal: 80
  ASSERT_NE(file, nullptr);
  const std::pair<const char*, std::size_t> cases[] = {
      {"51", 51}, {"132", 132}, {"", 80}, {"0", 80}, {"-5", 80}, {"x", 80}, {"50x", 80}, {"99999999999999999999", 80}};
  for (const auto& [value, columns] : cases) {
    setenv("COLUMNS", value, 1);
    EXPECT_EQ(terminal_columns(file), columns) << value;
  }
  unsetenv("COLUMNS");
  EXPECT_EQ(terminal_columns(file), 80u);
  std::fclose(file);
}

}  // namespace
}  // namespace octet::terminal_test
