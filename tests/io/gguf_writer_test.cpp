#include "io/gguf_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/gguf.h"
#include "tests/support/error_of.h"
#include "tests/support/temporary_folder.h"

namespace octet::gguf_writer_test {
namespace {

using testing::HasSubstr;

class GgufWrite : public testing::Test {
 protected:
  std::filesystem::path path() const { return folder_.path() / "m.gguf"; }
  std::string refusal(const GgufKeys& keys, const std::vector<GgufEntry>& tensors) const {
    return error_of(ErrorKind::run, [&] { GgufWriter(path(), keys, tensors); });
  }

  const GgufType& f32_ = *find_gguf_type("F32");
  const GgufType& q8_0_ = *find_gguf_type("Q8_0");

 private:
  sample::TemporaryFolder folder_;
};

TEST_F(GgufWrite, ReadsBackAsWritten) {
  GgufWriter writer(path(),
                    {{"a", 7U},
                     {"b", 0.5F},
                     {"c", true},
                     {"d", std::string("text")},
                     {"e", std::vector<std::string>{"x", ""}},
                     {"f", std::vector<std::int32_t>{-1, 3}},
                     {"g", std::vector<std::string>{}}},
                    {{"t", {3, 2}, &f32_}, {"u", {2, 32}, &q8_0_}, {"v", {1}, &f32_}});
  const std::vector<float> t = {1, 2, 3, 4, 5, 6};
  const std::vector<std::uint8_t> u(68, 1);
  const auto bytes = [](const std::vector<float>& values) {
    return std::span(reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * sizeof(float));
  };
  writer.append(bytes(t));
  writer.append(u);
  EXPECT_FALSE(std::filesystem::exists(path())) << "nothing is there before all is";
  EXPECT_THAT(error_of(ErrorKind::run, [&] { writer.commit(); }), HasSubstr("expected 3 tensors, got 2"));
  writer.append(bytes({9.0F}));
  writer.commit();
  const GgufFile file(path());
  EXPECT_EQ(file.integer("a"), 7);
  EXPECT_EQ(file.number("b"), 0.5);
  EXPECT_EQ(file.optional_flag("c"), true);
  EXPECT_EQ(file.text("d"), "text");
  EXPECT_EQ(file.texts("e"), (std::vector<std::string>{"x", ""}));
  EXPECT_EQ(std::get<std::vector<std::int64_t>>(file.values().at("f")), (std::vector<std::int64_t>{-1, 3}));
  EXPECT_TRUE(file.texts("g").empty());
  ASSERT_EQ(file.tensors().size(), 3u);
  EXPECT_EQ(file.tensors()[0].shape, Shape({3, 2}));
  EXPECT_EQ(file.read(file.tensors()[0]).to_vector(), t);
  EXPECT_EQ(file.tensors()[1].type, &q8_0_);
  EXPECT_EQ(file.read_bytes(file.tensors()[1]), u);
  EXPECT_EQ(file.read(file.tensors()[2]).to_vector(), std::vector<float>{9});
}

TEST_F(GgufWrite, RefusesWhatNoReaderWouldTake) {
  EXPECT_THAT(refusal({{"a", 1U}, {"a", 2U}}, {}), HasSubstr("each key once, got a"));
  EXPECT_THAT(refusal({}, {{"t", {1}, &f32_}, {"t", {1}, &f32_}}), HasSubstr("each tensor once, got \"t\""));
  EXPECT_THAT(refusal({}, {{std::string(64, 'n'), {1}, &f32_}}), HasSubstr("1 to 63 bytes"));
  EXPECT_THAT(refusal({}, {{"t", {2, 33}, &q8_0_}}), HasSubstr("tensor \"t\": expected rows of a multiple of the 32"));
  GgufWriter writer(path(), {}, {{"t", {2, 32}, &q8_0_}});
  EXPECT_THAT(error_of(ErrorKind::run, [&] { writer.append(std::vector<std::uint8_t>(67)); }),
              HasSubstr("expected 68 bytes, got 67"));
  EXPECT_FALSE(std::filesystem::exists(path()));
}

}  // namespace
}  // namespace octet::gguf_writer_test
