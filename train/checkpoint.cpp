#include "train/checkpoint.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <system_error>
#include <vector>

#include "base/config/config.h"
#include "base/files/atomic_file.h"
#include "base/files/known_folder.h"
#include "base/files/read_file.h"
#include "base/json.h"
#include "io/safetensors.h"
#include "nn/files/model_file.h"
#include "nn/files/model_tokenizer.h"
#include "tensor/backend.h"
#include "text/tokenizer_file.h"

namespace octet {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStateFile = "trainer.json";
constexpr const char* kOptimizerFile = "trainer.safetensors";

void check_finite(const std::string& name, const Tensor& tensor, std::int64_t step) {
  const double squares = kernels(tensor.device()).sum_squares({.count = tensor.elements(), .x = tensor.data<float>()});
  check(std::isfinite(squares), "[checkpoint] expected finite values in \"{}\", got infinite or NaN ones after step {}",
        name, step);
}

/// Each file of a checkpoint is whole or not there, but somebody may have put them together from several.
void check_same_checkpoint(const fs::path& path, const std::string& found, const std::string& expected) {
  if (found != expected) {
    fail(ErrorKind::input,
         "{}: expected the file of SHA-256 {} that {} beside it names, got one of another checkpoint, {}",
         path.string(), expected, kStateFile, found);
  }
}

/// A second name for `file` in `folder`, or a copy where the file system has no such thing.
void share_file(const fs::path& file, const fs::path& folder) {
  const fs::path to = folder / file.filename();
  std::error_code error;
  fs::create_hard_link(file, to, error);
  if (error) {
    fs::copy_file(file, to, error);
  }
  check(!error, "{}: cannot write: {}", to.string(), error.message());
}

/// Returns the checksum of the file.
std::string load_optimizer(const fs::path& path, const Optimizer& optimizer) {
  const SafetensorsFile file = SafetensorsFile::read(path);
  const std::vector<NamedTensor> state = optimizer.state();
  for (NamedTensor entry : state) {
    const Tensor& saved = file.at(entry.name);
    if (saved.shape() != entry.tensor.shape() || saved.dtype() != entry.tensor.dtype()) {
      fail(ErrorKind::input, "{}: tensor \"{}\": expected {} {}, got {} {}", path.string(), entry.name,
           name_of(entry.tensor.dtype()), entry.tensor.shape(), name_of(saved.dtype()), saved.shape());
    }
    entry.tensor.copy_from(saved);
  }
  if (file.names().size() != state.size()) {
    fail(ErrorKind::input, "{}: expected the {} tensors of the optimizer, got {}", path.string(), state.size(),
         file.names().size());
  }
  const auto checksum = file.metadata().find(kChecksumKey);
  return checksum == file.metadata().end() ? std::string("none") : checksum->second;
}

}  // namespace

const FileNames& checkpoint_files() {
  static const FileNames files = {kModelWeightsFile, kModelConfigFile, kTokenizerFile, kOptimizerFile, kStateFile};
  return files;
}

void save_checkpoint(const fs::path& folder, Gpt& model, const Optimizer& optimizer, const Tokenizer& tokenizer,
                     const TrainerState& state) {
  for (const auto& entry : model.parameters()) {
    check_finite(entry.path, entry.parameter->value(), state.step);
  }
  for (const NamedTensor& entry : optimizer.state()) {
    check_finite(entry.name, entry.tensor, state.step);
  }
  AtomicFolder staging(folder, checkpoint_files());
  ModelExtras extras;
  extras.ties.tokenizer_sha256 = tokenizer_sha256(tokenizer);
  save_model(staging.path(), model, extras);
  save_tokenizer(tokenizer, (staging.path() / kTokenizerFile).string());
  write_safetensors(staging.path() / kOptimizerFile, optimizer.state());
  TrainerState tied = state;
  tied.weights_sha256 = weights_sha256(staging.path());
  tied.optimizer_sha256 = read_safetensors_header(staging.path() / kOptimizerFile).metadata.at(kChecksumKey);
  write_file_atomically(staging.path() / kStateFile, to_json(tied).dump(2) + "\n");
  staging.commit();
}

void link_checkpoint(const fs::path& from, const fs::path& to) {
  AtomicFolder staging(to, checkpoint_files());
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(from, error)) {
    share_file(entry.path(), staging.path());
  }
  check(!error, "{}: cannot read: {}", from.string(), error.message());
  staging.commit();
}

void adopt_checkpoint(const fs::path& from, const fs::path& to, const TrainerState& state) {
  make_folder(to.parent_path());
  AtomicFolder staging(to, checkpoint_files());
  for (const char* name : {kModelWeightsFile, kModelConfigFile, kTokenizerFile}) {
    share_file(from / name, staging.path());
  }
  TrainerState adopted = state;
  adopted.weights_sha256 = weights_sha256(staging.path());
  adopted.optimizer_sha256 = "none";
  write_file_atomically(staging.path() / kStateFile, to_json(adopted).dump(2) + "\n");
  staging.commit();
}

TrainerState read_trainer_state(const fs::path& folder) {
  const fs::path path = folder / kStateFile;
  return from_input_json<TrainerState>(parse_json(read_text_file(path), path.string()), path.string());
}

void check_same_run(const fs::path& folder, const TrainerState& saved, const TrainerState& now) {
  TrainerState comparable = saved;
  comparable.step = now.step;
  comparable.best_loss = now.best_loss;
  comparable.best_step = now.best_step;
  comparable.weights_sha256 = now.weights_sha256;
  comparable.optimizer_sha256 = now.optimizer_sha256;
  comparable.train.save_every = now.train.save_every;
  comparable.train.keep_last = now.train.keep_last;
  comparable.train.resume = now.train.resume;
  std::string list;
  for (const std::string& line : differences(comparable, now)) {
    list += "\n  " + line;
  }
  if (!list.empty()) {
    fail(ErrorKind::input,
         "{}: expected a checkpoint of the same run, got one with other settings (there -> here):{}\n"
         "Restore them, choose another run folder, or set train.resume to \"never\" to start again",
         (folder / kStateFile).string(), list);
  }
}

void check_same_split(const fs::path& folder, const SplitRecord& saved, const SplitRecord& here) {
  SplitRecord comparable = saved;
  if (here.train_sha256.empty()) {
    comparable.train_sha256.clear();
  }
  std::string list;
  for (const std::string& line : differences(comparable, here)) {
    list += "\n  corpus." + line;
  }
  if (!list.empty()) {
    fail(
        ErrorKind::input,
        "{}: expected the split of the text that this checkpoint was trained with, got another one (there -> here):{}\n"
        "With it the model would be tested on text that it has seen",
        (folder / kStateFile).string(), list);
  }
}

void check_weights(const fs::path& folder) {
  check_same_checkpoint(folder / kModelWeightsFile, weights_sha256(folder), read_trainer_state(folder).weights_sha256);
}

void load_checkpoint(const fs::path& folder, Gpt& model, Optimizer& optimizer) {
  const TrainerState state = read_trainer_state(folder);
  load_weights(folder, model);
  check_same_checkpoint(folder / kModelWeightsFile, weights_sha256(folder), state.weights_sha256);
  const fs::path optimizer_file = folder / kOptimizerFile;
  check_same_checkpoint(optimizer_file, load_optimizer(optimizer_file, optimizer), state.optimizer_sha256);
}

}  // namespace octet
