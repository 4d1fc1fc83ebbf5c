#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/atomic_file.h"
#include "base/files/read_file.h"
#include "tests/cli/process.h"
#include "tests/support/temporary_folder.h"

namespace octet::sample {

namespace fs = std::filesystem;

/// Sentences of a tiny grammar, always the same ones.
inline std::string grammar_text(int sentences) {
  const std::vector<std::string> nouns = {"cat", "bird", "king", "river", "stone", "house", "tree"};
  const std::vector<std::string> verbs = {"sees", "loves", "follows", "finds", "carries"};
  std::string text;
  unsigned state = 1;
  const auto pick = [&](const std::vector<std::string>& words) {
    state = state * 1664525u + 1013904223u;
    return words[(state >> 16) % words.size()];
  };
  for (int i = 0; i < sentences; ++i) {
    text += "The " + pick(nouns) + " " + pick(verbs) + " the " + pick(nouns) + ".\n";
  }
  return text;
}

/// 30 thousand parameters: trained in a fraction of a second.
inline const char* kTinyConfig = R"(name: t
corpus: {path: text.txt}
model: {vocabulary: 300, context: 32, width: 32, layers: 2, heads: 2, hidden: 64}
train: {steps: 30, batch: 8, eval_every: 10, save_every: 10, eval_tokens: 1024}
quantize:
  - {name: int8, bits: 8, activations: dynamic}
  - {name: int4, bits: 4, granularity: per_group, group: 32}
eval: {max_windows: 8, explain_layers: 1, speed: {repetitions: 1}, bootstrap: {resamples: 100}}
)";

/// A folder with a corpus and a configuration, in which octet runs with one thread: several would wait for each other
/// on a busy machine.
class Workplace {
 public:
  Workplace() {
    write_file_atomically(path() / "text.txt", grammar_text(1200));
    write_file_atomically(path() / "tiny.yaml", kTinyConfig);
  }

  const fs::path& path() const { return folder_.path(); }

  ProcessResult octet(std::vector<std::string> arguments, const std::vector<std::string>& environment = {}) const {
    arguments.insert(arguments.end(), {"--threads", "1", "--quiet"});
    return run_octet(path().string(), arguments, environment);
  }

  /// The shell command `script`, in which $OCTET is the binary.
  ProcessResult shell(const std::string& script) const {
    const std::string out = path() / "stdout.txt", err = path() / "stderr.txt";
    const std::string command = "cd " + quoted(path().string()) + " && OCTET=" + quoted(OCTET_BINARY) + " bash -c " +
                                quoted(script) + " >" + quoted(out) + " 2>" + quoted(err);
    const int status = std::system(command.c_str());
    return {WEXITSTATUS(status), read_text_file(out), read_text_file(err)};
  }

  std::vector<std::string> temporaries() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(path())) {
      if (entry.path().filename().string().find(".tmp-") != std::string::npos) found.push_back(entry.path());
    }
    return found;
  }

 private:
  TemporaryFolder folder_;
};

/// Makes `to` a copy of a finished `octet run` of the tiny configuration; the run is made once per process.
inline void copy_finished_run(const fs::path& to) {
  static const Workplace workplace;
  static const ProcessResult result = workplace.octet({"run", "tiny.yaml", "--out", "r"});
  ASSERT_EQ(result.code, 0) << result.err;
  fs::copy(workplace.path() / "r", to, fs::copy_options::recursive);
}

/// One message that holds all of `parts`, nothing on stdout, and nothing half written.
inline void expect_refused(const Workplace& place, const ProcessResult& result, int code,
                           const std::vector<std::string>& parts) {
  EXPECT_EQ(result.code, code) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_TRUE(result.err.starts_with("error: ")) << result.err;
  EXPECT_EQ(result.err.find("error: ", 1), std::string::npos) << result.err;
  for (const std::string& part : parts) {
    EXPECT_THAT(result.err, testing::HasSubstr(part));
  }
  EXPECT_THAT(place.temporaries(), testing::IsEmpty());
}

}  // namespace octet::sample
