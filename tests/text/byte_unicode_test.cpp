#include "text/byte_unicode.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace octet::byte_unicode_test {
namespace {

TEST(ByteUnicode, OrderHoldsEachByteOncePrintableOnesFirst) {
  const auto& order = byte_order();
  EXPECT_EQ(std::set<int>(order.begin(), order.end()).size(), 256u);
  EXPECT_EQ(order[0], '!');
  EXPECT_EQ(order[93], '~');
  EXPECT_EQ(order[94], 161);
  EXPECT_EQ(order[188], 0);
  EXPECT_EQ(order[255], 173);
}

TEST(ByteUnicode, KnownCharacters) {
  EXPECT_EQ(bytes_to_printable("a b\n"), "a\u0120b\u010a");
  EXPECT_EQ(bytes_to_printable(std::string("\0\xad", 2)), "\u0100\u0143");
}

TEST(ByteUnicode, EveryByteReturns) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  EXPECT_EQ(printable_to_bytes(bytes_to_printable(bytes)), bytes);
}

TEST(ByteUnicode, RefusesCharactersThatStandForNoByte) {
  EXPECT_EQ(printable_to_bytes(" "), std::nullopt);
  EXPECT_EQ(printable_to_bytes("\u00ad"), std::nullopt);
  EXPECT_EQ(printable_to_bytes("\u0144"), std::nullopt);
  EXPECT_EQ(printable_to_bytes("\xff"), std::nullopt);
}

}  // namespace
}  // namespace octet::byte_unicode_test
