// Models in several GGUF files: scripts/golden/gguf_parts.py splits tests/golden/import/llama.gguf.
#include "io/gguf_parts.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/atomic_file.h"
#include "tests/support/error_of.h"
#include "tests/support/gguf_bytes.h"
#include "tests/support/temporary_folder.h"

namespace octet::gguf_parts_test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

const fs::path kGolden = OCTET_SOURCE_DIR "/tests/golden";

std::string name_of_part(int number, int count = 3) {
  return fmt::format("llama-{:05}-of-{:05}.gguf", number, count);
}

std::map<std::string, std::vector<float>> values_of(const GgufParts& parts) {
  std::map<std::string, std::vector<float>> values;
  for (const auto& [file, tensor] : parts.tensors()) values[tensor->name] = file->read(*tensor).to_vector();
  return values;
}

class GgufPartFiles : public testing::Test {
 protected:
  GgufPartFiles() { fs::copy(kGolden / "parts", folder_.path()); }

  fs::path part(int number) const { return folder_.path() / name_of_part(number); }
  std::string refusal(const fs::path& path) const {
    return error_of(ErrorKind::input, [&] { const GgufParts parts(path); });
  }
  /// Puts other bytes of the same length behind a key of one part.
  void change(int number, const std::string& key, const std::string& value) const {
    std::string bytes = read_text_file(part(number));
    bytes.replace(bytes.find(key) + key.size() + 4, value.size(), value);  // 4: the type
    write_file_atomically(part(number), bytes);
  }

 private:
  sample::TemporaryFolder folder_;
};

TEST_F(GgufPartFiles, AreOneModelWhicheverIsNamed) {
  const auto whole = values_of(GgufParts(kGolden / "import/llama.gguf"));
  EXPECT_EQ(whole.size(), 21u);
  for (int number = 1; number <= 3; ++number) {
    const GgufParts parts(part(number));
    EXPECT_EQ(values_of(parts), whole);
    EXPECT_EQ(parts.first().integer("llama.block_count"), 2);
  }
}

TEST_F(GgufPartFiles, RefusesAMissingOne) {
  fs::remove(part(3));
  EXPECT_THAT(refusal(part(1)),
              AllOf(HasSubstr(part(3)), HasSubstr("expected part 3 of 3 of the model, found no such")));
}

TEST_F(GgufPartFiles, RefusesNamesThatDoNotTellOfTheOthers) {
  const fs::path renamed = part(1).parent_path() / "model.gguf";
  fs::copy(part(2), renamed);
  EXPECT_THAT(refusal(renamed), HasSubstr("expected a name that ends with -00002-of-00003.gguf"));
}

TEST_F(GgufPartFiles, RefusesPartsOfOtherModels) {
  fs::copy(part(2), part(3), fs::copy_options::overwrite_existing);
  EXPECT_THAT(refusal(part(1)), HasSubstr("key split.no: expected part 3 of 3, got part 2"));
}

TEST_F(GgufPartFiles, RefusesPartsThatDisagreeOnTheirNumber) {
  change(3, "split.count", std::string("\x04\0", 2));
  EXPECT_THAT(refusal(part(1)), HasSubstr("key split.count: expected 3, as in the other parts, got 4"));
}

TEST_F(GgufPartFiles, RefusesATensorInTwoOfThem) {
  std::string bytes = read_text_file(part(3));
  const std::string name = "blk.1.ffn_down.weight";
  ASSERT_NE(bytes.find(name), std::string::npos);
  bytes.replace(bytes.find(name), name.size(), "blk.0.ffn_down.weight");
  write_file_atomically(part(3), bytes);
  EXPECT_THAT(refusal(part(1)), AllOf(HasSubstr("tensor \"blk.0.ffn_down.weight\": it stands in"), HasSubstr("too")));
}

TEST_F(GgufPartFiles, RefusesAnotherNumberOfTensorsThanPromised) {
  change(1, "split.tensors.count", std::string("\x16\0\0\0", 4));
  EXPECT_THAT(refusal(part(2)), HasSubstr("split.tensors.count: expected the 21 tensors of the 3 parts, got 22"));
}

TEST_F(GgufPartFiles, RefusesCountsThatNoModelHas) {
  const auto refused = [&](const std::string& file) {
    const fs::path path = part(1).parent_path() / "counts.gguf";
    write_file_atomically(path, file);
    return refusal(path);
  };
  EXPECT_THAT(refused(sample::GgufBytes().header(0, 1).key("split.count", 70000U).align()),
              HasSubstr("key split.count: expected from 1 to 65535 parts, got 70000"));
  EXPECT_THAT(refused(sample::GgufBytes().header(0, 1).key("split.count", std::string("3")).align()),
              HasSubstr("key split.count: expected an integer"));
  EXPECT_THAT(refused(sample::GgufBytes().header(0, 1).key("split.count", 3U).align()),
              HasSubstr("expected the key split.no"));
  EXPECT_THAT(refused(sample::GgufBytes().header(0, 2).key("split.count", 3U).key("split.no", 7U).align()),
              HasSubstr("key split.no: expected from 0 to 2, for one of 3 parts, got 7"));
}

TEST_F(GgufPartFiles, AWholeFileMayCallItselfTheOnlyPart) {
  const fs::path path = part(1).parent_path() / "whole.gguf";
  write_file_atomically(path, std::string(sample::GgufBytes().header(0, 1).key("split.count", 0U).align()));
  EXPECT_TRUE(GgufParts(path).tensors().empty());
}

}  // namespace
}  // namespace octet::gguf_parts_test
