#include "bench/gpu_document.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files/read_file.h"
#include "tests/support/temporary_folder.h"

namespace octet::bench::gpu_document_test {
namespace {

using nlohmann::ordered_json;

class GpuDocumentTest : public testing::Test {
 protected:
  std::string file() const { return (folder_.path() / "results.json").string(); }
  ordered_json written() const { return ordered_json::parse(read_text_file(file())); }

 private:
  sample::TemporaryFolder folder_;
};

TEST_F(GpuDocumentTest, IsWrittenWholeAfterEachSection) {
  GpuDocument document({{"device", "card"}}, file());
  document.section("first", [](ordered_json& results) { results["rows"].push_back(1); });
  EXPECT_EQ(written()["rows"], ordered_json({1}));
  document.section("second", [&](ordered_json& results) {
    results["rows"].push_back(2);
    EXPECT_EQ(written()["rows"], ordered_json({1})) << "a section that has not ended is not written";
  });
  EXPECT_EQ(written()["device"], "card");
  EXPECT_EQ(written()["rows"], ordered_json({1, 2}));
  EXPECT_TRUE(written()["section_seconds"].contains("second"));
  EXPECT_EQ(document.finish(), 0);
}

TEST_F(GpuDocumentTest, GoesOnAfterASectionThatFails) {
  GpuDocument document({}, file());
  document.section("first", [](ordered_json& results) { results["first"] = 1; });
  document.section("second", [](ordered_json& results) {
    results["begun"] = true;
    fail(ErrorKind::capability, "no algorithm");
  });
  document.section("third", [](ordered_json& results) {
    results["third"] = 3;
    throw std::bad_alloc();
  });
  EXPECT_EQ(written()["first"], 1);
  EXPECT_EQ(written()["begun"], true);
  EXPECT_EQ(written()["third"], 3);
  ASSERT_EQ(written()["errors"].size(), 2U);
  EXPECT_EQ(written()["errors"][0], ordered_json({{"section", "second"}, {"message", "no algorithm"}}));
  EXPECT_EQ(document.finish(), static_cast<int>(ErrorKind::capability)) << "the code of the first error";
}

TEST_F(GpuDocumentTest, WithoutAFileIsPrintedAtTheEnd) {
  testing::internal::CaptureStdout();
  GpuDocument document({}, {});
  document.section("first", [](ordered_json& results) { results["first"] = 1; });
  document.section("second", [](ordered_json&) { fail(ErrorKind::run, "broken"); });
  EXPECT_EQ(document.finish(), 1);
  const ordered_json printed = ordered_json::parse(testing::internal::GetCapturedStdout());
  EXPECT_EQ(printed["first"], 1);
  EXPECT_EQ(printed["errors"][0]["section"], "second");
}

}  // namespace
}  // namespace octet::bench::gpu_document_test
