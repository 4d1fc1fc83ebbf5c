#include "io/gguf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/atomic_file.h"
#include "io/safetensors.h"
#include "tests/support/error_of.h"
#include "tests/support/gguf_bytes.h"
#include "tests/support/temporary_folder.h"

namespace octet::gguf_test {
namespace {

using sample::GgufBytes;
using testing::HasSubstr;

constexpr std::uint64_t kHuge = std::uint64_t{1} << 63;

class Gguf : public testing::Test {
 protected:
  std::string file(const std::string& bytes) const {
    const std::string path = folder_.path() / "m.gguf";
    write_file_atomically(path, bytes);
    return path;
  }
  std::string refusal(const std::string& bytes) const {
    const std::string path = file(bytes);
    const std::string message = error_of(ErrorKind::input, [&] { GgufFile{path}; });
    EXPECT_TRUE(message.starts_with(path + ": ")) << message;
    return message;
  }

 private:
  sample::TemporaryFolder folder_;
};

TEST_F(Gguf, EveryTypeDecodesAsByThePackageGguf) {
  const auto golden = SafetensorsFile::read(OCTET_SOURCE_DIR "/tests/golden/import/gguf_blocks.safetensors");
  int types = 0;
  for (std::uint32_t id = 0; id < 64; ++id) {
    const GgufType* type = find_gguf_type(id);
    if (type == nullptr || type->decode == nullptr) continue;
    SCOPED_TRACE(type->name);
    ++types;
    const Tensor& bytes = golden.at(fmt::format("bytes/{}", type->name));
    const std::vector<float> expected = golden.at(fmt::format("values/{}", type->name)).to_vector();
    ASSERT_EQ(bytes.dim(1), type->bytes);
    ASSERT_EQ(expected.size(), static_cast<std::size_t>(bytes.dim(0) * type->values));
    std::vector<float> values(expected.size());
    type->decode(bytes.data<std::uint8_t>(), bytes.dim(0), values.data());
    EXPECT_EQ(values, expected);
  }
  EXPECT_EQ(types, 12);
}

TEST_F(Gguf, ReadsKeysAndTensors) {
  const std::string path = file(GgufBytes()
                                    .header(2, 3)
                                    .key("a", 7U)
                                    .key("b", 0.5F)
                                    .key("c", std::vector<std::string>{"x", ""})
                                    .tensor("t", {2, 3}, 0, 0)
                                    .tensor("u", {32}, 8, 32)
                                    .align()
                                    .data(std::string(24, '\0'))
                                    .data(std::string(8, '\0'))
                                    .data(std::string("\0\x3c", 2) + std::string(32, '\xff')));
  const GgufFile gguf(path);
  EXPECT_EQ(gguf.integer("a"), 7);
  EXPECT_EQ(gguf.number("b"), 0.5);
  EXPECT_EQ(gguf.texts("c"), (std::vector<std::string>{"x", ""}));
  ASSERT_EQ(gguf.tensors().size(), 2u);
  EXPECT_EQ(gguf.tensors()[0].shape, Shape({3, 2}));
  EXPECT_EQ(gguf.read(gguf.tensors()[1]).to_vector(), std::vector<float>(32, -1.0F));
  EXPECT_THAT(error_of(ErrorKind::input, [&] { gguf.text("a"); }),
              HasSubstr("key a: expected a string, got an integer"));
  EXPECT_THAT(error_of(ErrorKind::input, [&] { gguf.integer("d"); }), HasSubstr("expected the key d, found none"));
}

TEST_F(Gguf, RefusesWhatIsNoSuchFile) {
  EXPECT_THAT(refusal(""), HasSubstr("begins with the letters GGUF"));
  EXPECT_THAT(refusal("GGML and more"), HasSubstr("begins with the letters GGUF"));
  EXPECT_THAT(refusal("GGUF"), HasSubstr("version: expected 4 more bytes, but only 0 are left"));
  EXPECT_THAT(refusal(GgufBytes().header(0, 0, 2)), HasSubstr("expected GGUF version 3, got 2"));
  EXPECT_THAT(refusal(GgufBytes().header(0, 0, 3U << 24)), HasSubstr("little-endian file, got a big-endian one"));
}

TEST_F(Gguf, RefusesLengthsThatLie) {
  EXPECT_THAT(refusal(GgufBytes().header(0, kHuge)), HasSubstr("keys: expected 9223372036854775808 more"));
  EXPECT_THAT(refusal(GgufBytes().header(kHuge, 0)), HasSubstr("list of tensors: expected 9223372036854775808 more"));
  EXPECT_THAT(refusal(GgufBytes().header(0, 1).number(kHuge).data(std::string(64, 'x'))), HasSubstr("a key: expected"));
  const auto array = GgufBytes().header(0, 1).string("a").number(9U).number(0U).number(kHuge);
  EXPECT_THAT(refusal(array), HasSubstr("key a: expected 9223372036854775808 more"));
  const auto text = GgufBytes().header(0, 1).string("a").number(8U).number(kHuge).data("x");
  EXPECT_THAT(refusal(text), HasSubstr("key a: expected 9223372036854775808 more"));
}

TEST_F(Gguf, RefusesBrokenKeys) {
  EXPECT_THAT(refusal(GgufBytes().header(0, 2).key("a", 1U).key("a", 2U)), HasSubstr("key a: it stands there twice"));
  EXPECT_THAT(refusal(GgufBytes().header(0, 1).string("a").number(13U).number(1U)), HasSubstr("from 0 to 12, got 13"));
  EXPECT_THAT(refusal(GgufBytes().header(0, 1).string("a").number(7U).number(std::uint8_t{2})),
              HasSubstr("expected 0 or 1, got 2"));
  EXPECT_THAT(refusal(GgufBytes().header(0, 1).string("a").number(10U).number(kHuge)), HasSubstr("below 2^63"));
  const auto nested = GgufBytes().header(0, 1).string("a").number(9U).number(9U).number(std::uint64_t{1});
  EXPECT_THAT(refusal(GgufBytes(nested).number(0U).number(std::uint64_t{0})), HasSubstr("arrays of arrays"));
  EXPECT_THAT(refusal(GgufBytes().header(0, 1).key("general.alignment", 24U).data(std::string(32, 'x'))),
              HasSubstr("general.alignment: expected a power of two from 1 to 1048576, got 24"));
  const std::string cut("a\0b", 3);
  EXPECT_THAT(refusal(GgufBytes().header(0, 1).key(cut, 1U)),
              HasSubstr("key 1: expected a name without control characters, got \"a\uFFFDb\""));
}

TEST_F(Gguf, RefusesBrokenTensors) {
  const auto with = [](const std::string& name, const std::vector<std::uint64_t>& sizes, std::uint32_t type,
                       std::uint64_t offset, std::size_t bytes) {
    return GgufBytes().header(1, 0).tensor(name, sizes, type, offset).align().data(std::string(bytes, 'x'));
  };
  EXPECT_THAT(refusal(with("t", {4}, 0, 0, 15)), HasSubstr("tensor \"t\": expected 16 bytes of data from 0 on"));
  EXPECT_THAT(refusal(with("t", {4}, 0, 0, 64)), HasSubstr("expected 16 bytes of tensor data, found 64"));
  EXPECT_THAT(refusal(with("t", {4}, 0, 32, 64)), HasSubstr("expected its data at byte 0 of the data section, got 32"));
  EXPECT_THAT(refusal(with("t", {4}, 4, 0, 16)), HasSubstr("type 4 does not exist, or no longer"));
  EXPECT_THAT(refusal(with("t", {33}, 8, 0, 64)), HasSubstr("a multiple of the 32 values of a block of Q8_0, got 33"));
  EXPECT_THAT(refusal(with("t", {1, 1, 1, 1, 1}, 0, 0, 16)), HasSubstr("at most 4 dimensions, got 5"));
  EXPECT_THAT(refusal(with("t", {kHuge, 4}, 0, 0, 16)), HasSubstr("a dimension of 9223372036854775808"));
  EXPECT_THAT(refusal(with("t", {1U << 31, 1U << 31}, 0, 0, 16)), HasSubstr("a dimension of 2147483648"));
  EXPECT_THAT(refusal(with("t", {0}, 0, 0, 16)), HasSubstr("a dimension of 0"));
  EXPECT_THAT(refusal(with(std::string(64, 'n'), {4}, 0, 0, 16)),
              HasSubstr("tensor 1: expected a name of at most 63 bytes, got 64"));
  EXPECT_THAT(refusal(with("\xff", {4}, 0, 0, 16)), HasSubstr("tensor 1: expected a name in UTF-8"));
  EXPECT_THAT(
      refusal(GgufBytes().header(2, 0).tensor("t", {4}, 0, 0).tensor("t", {4}, 0, 32).data(std::string(99, 'x'))),
      HasSubstr("tensor \"t\": it stands there twice"));
  const GgufFile known(file(with("t", {256}, 10, 0, 84)));
  EXPECT_THAT(error_of(ErrorKind::input, [&] { known.read(known.tensors()[0]); }),
              HasSubstr("tensor \"t\": type Q2_K is not supported (expected F32, F16, Q4_0"));
}

}  // namespace
}  // namespace octet::gguf_test
