#include "io/safetensors.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files/read_file.h"

namespace octet::safetensors_test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::string with_length(const std::string& header, std::uint64_t length) {
  std::string file(8, '\0');
  for (int i = 0; i < 8; ++i) {
    file[i] = static_cast<char>(length >> 8 * i);
  }
  return file + header;
}

std::string with_length(const std::string& header) {
  return with_length(header, header.size());
}

/// A folder of its own for each test, and a file in it.
class Safetensors : public testing::Test {
 protected:
  Safetensors() {
    std::string name = testing::TempDir() + "octet_safetensors_XXXXXX";
    folder_ = ::mkdtemp(name.data());
    path_ = folder_ / "model.safetensors";
  }
  ~Safetensors() override { fs::remove_all(folder_); }

  /// Makes the file without waiting for the disk, as the tests of damage write thousands. (Some file systems
  /// flush a file that was truncated and written again, hence the removal.)
  void put(const std::string& bytes) const {
    fs::remove(path_);
    std::ofstream(path_, std::ios::binary).write(bytes.data(), std::ssize(bytes));
  }

  /// The message of reading `bytes`, without the path it must start with; "" if they are a valid file.
  std::string message_of_reading(const std::string& bytes) {
    put(bytes);
    try {
      SafetensorsFile::read(path_);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input) << error.what();
      const std::string message = error.what();
      EXPECT_THAT(message, StartsWith(path_.string() + ": "));
      return message.substr(std::min(message.size(), path_.string().size() + 2));
    }
    return "";
  }

  /// The same for a header text that is followed by `data_bytes` zeros.
  std::string message_of_header(const std::string& header, std::size_t data_bytes = 4) {
    return message_of_reading(with_length(header) + std::string(data_bytes, '\0'));
  }

  /// A file with a scalar, an empty tensor, several dtypes and metadata.
  std::string small_file() {
    const std::vector<NamedTensor> tensors = {
        {"codes", Tensor::from<std::int8_t>({-1, 2, 3}, {3})},
        {"norm.weight", Tensor::from<float>({1.5F, -2.0F}, {2})},
        {"scalar", Tensor::from<float>({0.25F}, {})},
        {"none", Tensor::empty({0, 4})},
    };
    write_safetensors(path_, tensors, {{"kind", "test"}});
    return read_text_file(path_);
  }

  fs::path folder_;
  fs::path path_;
};

TEST_F(Safetensors, RoundTripsEveryDType) {
  const std::vector<NamedTensor> tensors = {
      {"f32", Tensor::from<float>({1, 2, 3, 4, 5, 6}, {2, 3})},
      {"f16", Tensor::from<Float16>({{0x3c00}, {0x7bff}}, {2, 1})},
      {"bf16", Tensor::from<BFloat16>({{0x3f80}}, {1})},
      {"i32", Tensor::from<std::int32_t>({-7, 1 << 30}, {1, 2})},
      {"i8", Tensor::from<std::int8_t>({-128, 127, 0}, {3})},
      {"u8", Tensor::from<std::uint8_t>({255}, {1, 1, 1, 1, 1})},
      {"i64", Tensor::from<std::int64_t>({-(1LL << 60)}, {1})},
      {"scalar", Tensor::from<float>({3.5F}, {})},
      {"empty", Tensor::empty({3, 0, 2})},
      {"umlaut \xc3\xa4 \"quoted\"\n", Tensor::from<float>({1}, {1})},
  };
  write_safetensors(path_, tensors, {{"note", "a \xe2\x82\xac \\ b"}});
  const SafetensorsFile file = SafetensorsFile::read(path_);
  EXPECT_EQ(file.names().size(), tensors.size());
  EXPECT_EQ(file.metadata().at("note"), "a \xe2\x82\xac \\ b");
  for (const auto& [name, tensor] : tensors) {
    ASSERT_TRUE(file.contains(name)) << name;
    const Tensor& read = file.at(name);
    EXPECT_EQ(read.shape(), tensor.shape()) << name;
    ASSERT_EQ(read.dtype(), tensor.dtype()) << name;
    EXPECT_EQ(std::memcmp(read.raw_data(), tensor.raw_data(), tensor.bytes()), 0) << name;
  }
}

// The layout by hand: the length, the JSON padded to a multiple of 8, then I64 before F32 before BF16 before I8.
TEST_F(Safetensors, WritesExactlyTheseBytes) {
  const std::vector<NamedTensor> tensors = {
      {"z", Tensor::from<float>({1.0F}, {1, 1})},     {"a", Tensor::from<std::int8_t>({-1, 2}, {2})},
      {"b", Tensor::from<BFloat16>({{0x4000}}, {1})}, {"c", Tensor::from<float>({-2.0F}, {})},
      {"d", Tensor::from<std::int64_t>({5}, {1})},
  };
  write_safetensors(path_, tensors, {{"kind", "golden"}});
  const std::string data(
      "\x05\0\0\0\0\0\0\0"  // d
      "\0\0\0\xc0"          // c
      "\0\0\x80\x3f"        // z
      "\0\x40"              // b
      "\xff\x02",           // a
      20);
  // sha256sum of the header without octet_sha256, keys sorted and no spaces, followed by the data.
  const std::string digest = "9acc6b9504bff8c4d1155c63560b77e3a4cdc5e7bc95973eda48913604c11149";
  std::string header = R"({"__metadata__":{"format":"pt","kind":"golden","octet_sha256":")" + digest +
                       R"(","octet_version":"1"},)"
                       R"("d":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},)"
                       R"("c":{"dtype":"F32","shape":[],"data_offsets":[8,12]},)"
                       R"("z":{"dtype":"F32","shape":[1,1],"data_offsets":[12,16]},)"
                       R"("b":{"dtype":"BF16","shape":[1],"data_offsets":[16,18]},)"
                       R"("a":{"dtype":"I8","shape":[2],"data_offsets":[18,20]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  EXPECT_EQ(read_text_file(path_), with_length(header) + data);
  EXPECT_THAT(SafetensorsFile::read(path_).names(), ElementsAre("d", "c", "z", "b", "a"));
}

TEST_F(Safetensors, WritesViewsContiguously) {
  const Tensor whole = Tensor::from<float>({1, 2, 3, 4, 5, 6}, {2, 3});
  const std::int64_t transposed[] = {1, 3};
  const std::vector<NamedTensor> tensors = {{"t", whole.alias({3, 2}, transposed, 0)}};
  write_safetensors(path_, tensors);
  EXPECT_THAT(SafetensorsFile::read(path_).at("t").to_vector(), ElementsAre(1, 4, 2, 5, 3, 6));
}

TEST_F(Safetensors, AFileWithoutTensorsIsValid) {
  write_safetensors(path_, {});
  EXPECT_THAT(SafetensorsFile::read(path_).names(), IsEmpty());
  EXPECT_EQ(message_of_header("{}", 0), "");
}

TEST_F(Safetensors, ReadsFilesOfOtherTools) {
  const std::string header = R"({"b":{"data_offsets":[0,8],"shape":[2],"dtype":"F32"},)"
                             R"( "a":{"dtype":"U8","shape":[1],"data_offsets":[8,9]}}   )";
  put(with_length(header) + std::string("\0\0\x80\x3f\0\0\0\x40\x07", 9));
  const SafetensorsFile file = SafetensorsFile::read(path_);
  EXPECT_THAT(file.names(), ElementsAre("b", "a"));
  EXPECT_THAT(file.at("b").to_vector(), ElementsAre(1, 2));
  EXPECT_EQ(file.at("a").data<std::uint8_t>()[0], 7);
  EXPECT_THAT(file.metadata(), IsEmpty());
}

TEST_F(Safetensors, TheWriterRefusesWhatItCannotStore) {
  const Tensor x = Tensor::from<float>({1}, {1});
  const auto message_of_writing = [&](std::vector<NamedTensor> tensors) -> std::string {
    try {
      write_safetensors(path_, tensors);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message_of_writing({{"x", x}, {"x", x}}), "[safetensors] expected each name once, got 'x' twice");
  EXPECT_EQ(message_of_writing({{"", x}}), "[safetensors] expected a tensor name, got ''");
  EXPECT_EQ(message_of_writing({{"__metadata__", x}}), "[safetensors] expected a tensor name, got '__metadata__'");
  EXPECT_EQ(message_of_writing({{"x", Tensor()}}), "[safetensors] expected a tensor for 'x', got an undefined one");
  EXPECT_THAT(message_of_writing({{"\xff", x}}),
              HasSubstr("model.safetensors: expected names and metadata in UTF-8, got other bytes"));
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(Safetensors, AMissingTensorNamesTheNearest) {
  small_file();
  const SafetensorsFile file = SafetensorsFile::read(path_);
  EXPECT_THAT([&] { file.at("norm.wieght"); },
              testing::ThrowsMessage<Error>(
                  path_.string() + ": expected a tensor 'norm.wieght', found none; the nearest name is 'norm.weight'"));
}

TEST_F(Safetensors, AMissingFileIsAnInputError) {
  EXPECT_THAT([&] { SafetensorsFile::read(path_); },
              testing::ThrowsMessage<Error>(path_.string() + ": cannot read: No such file or directory"));
}

TEST_F(Safetensors, EveryTruncationIsFound) {
  const std::string whole = small_file();
  EXPECT_EQ(message_of_reading(whole), "");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(message_of_reading(whole.substr(0, size)), "") << size << " of " << whole.size();
  }
  EXPECT_EQ(message_of_reading(""), "expected a safetensors file, got 0 bytes");
  EXPECT_EQ(message_of_reading(whole.substr(0, whole.size() - 1)),
            "expected 15 bytes of tensor data, found 14 (the file is truncated)");
  EXPECT_EQ(message_of_reading(whole + "x"), "expected 15 bytes of tensor data, found 16");
}

TEST_F(Safetensors, EveryFlippedBitIsFound) {
  const std::string whole = small_file();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = whole;
      flipped[i] = static_cast<char>(flipped[i] ^ 1 << bit);
      EXPECT_NE(message_of_reading(flipped), "") << "bit " << bit << " of byte " << i;
    }
  }
}

TEST_F(Safetensors, AFlippedDataByteShowsBothDigests) {
  std::string bytes = small_file();
  const std::string digest = SafetensorsFile::read(path_).metadata().at(kChecksumKey);
  bytes.back() ^= 1;
  EXPECT_THAT(message_of_reading(bytes),
              testing::MatchesRegex("the file is damaged: expected SHA-256 " + digest + ", got [0-9a-f]+"));
}

TEST_F(Safetensors, BrokenHeadersAreRefused) {
  EXPECT_EQ(message_of_reading(with_length("{}", 100'000'001) + std::string(100, ' ')),
            "expected a safetensors header of at most 100000000 bytes, got 100000001");
  EXPECT_EQ(message_of_reading(with_length("{}", ~0ULL)),
            "expected a safetensors header of at most 100000000 bytes, got 18446744073709551615");
  EXPECT_EQ(message_of_reading(with_length("{}", 3)),
            "expected a safetensors header of 3 bytes, found 2 (the file is truncated)");
  EXPECT_EQ(message_of_header("", 0), "expected a safetensors header that begins with {");
  EXPECT_EQ(message_of_header(" {}", 0), "expected a safetensors header that begins with {");
  EXPECT_EQ(message_of_header("{}\n", 0), "expected a safetensors header that ends with } and spaces");
  EXPECT_THAT(message_of_header(R"({"a":})", 0),
              StartsWith("safetensors header: line 1, column 6: expected a value, found \"}\""));
  EXPECT_THAT(message_of_header("{\"a\xff\":1}", 0),
              StartsWith("safetensors header: line 1, column 4: expected UTF-8, found the byte 0xFF"));
  EXPECT_THAT(message_of_header(std::string(100'000, '['), 0), StartsWith("expected"));
  EXPECT_THAT(message_of_header("{\"a\":" + std::string(100'000, '[') + "}", 0),
              HasSubstr(": nested deeper than 64 levels"));
}

TEST_F(Safetensors, DuplicateNamesAreRefused) {
  const std::string a = R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  EXPECT_EQ(message_of_header("{" + a + "}"), "");
  EXPECT_EQ(message_of_header("{" + a + "," + a + "}"),
            "safetensors header: line 1, column 55: the key \"a\" appears twice in one object");
  EXPECT_EQ(message_of_header(R"({"a":{"dtype":"F32","dtype":"F32"}})"),
            "safetensors header: line 1, column 21: the key \"dtype\" appears twice in one object");
}

TEST_F(Safetensors, BrokenEntriesNameTheTensor) {
  const auto message = [&](const std::string& entry) { return message_of_header(R"({"w":)" + entry + "}"); };
  EXPECT_EQ(message("3"), "tensor 'w': expected dtype to be a string, got none");
  EXPECT_EQ(message(R"({"shape":[1],"data_offsets":[0,4]})"), "tensor 'w': expected dtype to be a string, got none");
  EXPECT_EQ(message(R"({"dtype":"F32","shape":1,"data_offsets":[0,4]})"),
            "tensor 'w': expected shape to be a list, got number");
  EXPECT_EQ(message(R"({"dtype":"F32","shape":[1]})"), "tensor 'w': expected data_offsets to be a list, got none");
  for (const char* other : {"F64", "I16", "U32", "F8_E4M3", "f32", ""}) {
    EXPECT_EQ(message(R"({"dtype":")" + std::string(other) + R"(","shape":[1],"data_offsets":[0,4]})"),
              "tensor 'w': dtype \"" + std::string(other) +
                  "\" is not supported (expected F32, F16, BF16, I64, I32, I8, U8 or BOOL)");
  }
  EXPECT_EQ(message(R"({"dtype":"F32","shape":[1,1,1,1,1,1],"data_offsets":[0,4]})"),
            "tensor 'w': expected at most 5 dimensions, got 6");
  EXPECT_EQ(message(R"({"dtype":"F32","shape":[-1],"data_offsets":[0,4]})"),
            "tensor 'w': expected shape to hold integers of at least 0, got -1");
  EXPECT_EQ(message(R"({"dtype":"F32","shape":[1.0],"data_offsets":[0,4]})"),
            "tensor 'w': expected shape to hold integers of at least 0, got 1.0");
  EXPECT_EQ(message(R"({"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]})"),
            "tensor 'w': expected shape to hold integers of at least 0, got 1e+20");
  EXPECT_EQ(message(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]})"),
            "tensor 'w': shape [4294967296, 4294967296] is too large");
  EXPECT_EQ(message(R"({"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]})"),
            "tensor 'w': shape [0, 4294967296, 4294967296] is too large");
  EXPECT_EQ(message(R"({"dtype":"U8","shape":[1152921504606846976],"data_offsets":[0,4]})"),
            "tensor 'w': shape [1152921504606846976] is too large");
  // One less is the largest that is counted at all, so that no size in bytes overflows.
  EXPECT_EQ(message(R"({"dtype":"U8","shape":[1152921504606846975],"data_offsets":[0,4]})"),
            "tensor 'w': expected 1152921504606846975 bytes for u8 (1152921504606846975), got data_offsets [0, 4]");
  EXPECT_EQ(message(R"({"dtype":"F32","shape":[1],"data_offsets":[4,0]})"),
            "tensor 'w': expected data_offsets [begin, end], got [4, 0]");
  EXPECT_EQ(message(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4,8]})"),
            "tensor 'w': expected data_offsets [begin, end], got [0, 4, 8]");
  EXPECT_EQ(message(R"({"dtype":"F32","shape":[2],"data_offsets":[0,4]})"),
            "tensor 'w': expected 8 bytes for f32 (2), got data_offsets [0, 4]");
}

TEST_F(Safetensors, HolesOverlapsAndRestsAreRefused) {
  const auto two = [](int begin) {
    return R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[2],"data_offsets":[)" +
           std::to_string(begin) + "," + std::to_string(begin + 2) + "]}}";
  };
  EXPECT_EQ(message_of_header(two(4), 6), "");
  EXPECT_EQ(message_of_header(two(5), 7),
            "tensor 'b': expected its data to begin at byte 4 of the data section, got 5");
  EXPECT_EQ(message_of_header(two(3), 5),
            "tensor 'b': expected its data to begin at byte 4 of the data section, got 3");
  EXPECT_EQ(message_of_header(two(4), 7), "expected 6 bytes of tensor data, found 7");
  EXPECT_EQ(message_of_header(two(4), 5), "expected 6 bytes of tensor data, found 5 (the file is truncated)");
}

TEST_F(Safetensors, MetadataMustBeStrings) {
  EXPECT_EQ(message_of_header(R"({"__metadata__":{"a":"b"}})", 0), "");
  EXPECT_EQ(message_of_header(R"({"__metadata__":{"a":1}})", 0), "expected metadata 'a' to be a string, got number");
  EXPECT_EQ(message_of_header(R"({"__metadata__":[]})", 0), "expected __metadata__ to be an object, got array");
  EXPECT_EQ(message_of_header(R"({"__metadata__":{"octet_version":"1"}})", 0),
            "expected the metadata octet_sha256 of a file written by Octet, got none");
}

}  // namespace
}  // namespace octet::safetensors_test
