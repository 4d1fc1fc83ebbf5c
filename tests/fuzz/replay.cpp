#include <algorithm>
#include <vector>

#include <sys/resource.h>

#include "base/files/read_file.h"
#include "tests/fuzz/fuzz.h"

// In place of libFuzzer where that is not there: gives the target every file of the folders that are named, once. So
// what fuzzing found stays found, by every compiler and under every sanitizer.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace octet::fuzz {
namespace {

/// The bound that scripts/fuzz.sh sets as well.
constexpr long kMostKilobytes = 2048L * 1024L;

void replay(const std::filesystem::path& file) {
  // Said before: if the target ends the program, the last line names the input.
  std::fprintf(stderr, "%s\n", file.c_str());
  const std::string input = read_text_file(file);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  promise(usage.ru_maxrss < kMostKilobytes, "an input of a few kilobytes does not take gigabytes of memory");
}

}  // namespace
}  // namespace octet::fuzz

int main(int count, char** arguments) {
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < count; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(arguments[i])) {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  octet::fuzz::promise(!files.empty(), "there are inputs");
  for (const auto& file : files) {
    octet::fuzz::replay(file);
  }
  return 0;
}
