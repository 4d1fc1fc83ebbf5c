#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/files/known_folder.h"
#include "nn/gpt.h"
#include "text/corpus.h"
#include "text/tokenizer.h"
#include "train/optim/optimizer.h"
#include "train/train_config.h"

namespace octet {

// A checkpoint is a folder:
//
//     model.safetensors    the weights by dotted name      } what evaluation, quantization
//     config.json          the shape of the model          } and generation need
//     tokenizer.json       Hugging Face form               }
//     trainer.safetensors  state of the optimizer          } what resuming needs
//     trainer.json         TrainerState                    }

/// The names of these files: what makes a folder recognizable as a checkpoint.
const FileNames& checkpoint_files();

/// Where a run stands, and what it is made from: `trainer.json`.
struct TrainerState {
  std::int64_t step = 0;            ///< steps taken; 0: a given model, not trained on this text as far as is known
  std::optional<double> best_loss;  ///< lowest held-out loss so far, nats per token
  std::int64_t best_step = 0;       ///< after this many steps
  std::string corpus_sha256;        ///< of the whole text
  SplitRecord split;                ///< of the text
  std::string tokenizer_sha256;
  TrainConfig train;             ///< its `resume` is an order for one command and no setting: always "auto" here
  std::string weights_sha256;    ///< of model.safetensors beside this file, by its checksum
  std::string optimizer_sha256;  ///< of trainer.safetensors

  template <class V>
  void visit(V& v) {
    v("step", step, at_least(0), required());
    v("best_loss", best_loss);
    v("best_step", best_step, at_least(0));
    v("corpus_sha256", corpus_sha256, required());
    v("split", split, required());
    v("tokenizer_sha256", tokenizer_sha256, required());
    v("train", train, required());
    v("weights_sha256", weights_sha256, required());
    v("optimizer_sha256", optimizer_sha256, required());
  }
};

/// Writes all files to a temporary folder and renames it, so that `folder` is complete or as before. The hashes of the
/// files beside it are put into `state`. Error (run) where a weight or the optimizer's state is not finite (nothing is
/// written), the disk is full, or `folder` holds other files than those of a checkpoint.
void save_checkpoint(const std::filesystem::path& folder, Gpt& model, const Optimizer& optimizer,
                     const Tokenizer& tokenizer, const TrainerState& state);

/// Makes `to` another name of the checkpoint `from`: its files are shared (hard links) where the file system can, else
/// copied. Sharing is safe, since checkpoints are replaced whole and never written into.
void link_checkpoint(const std::filesystem::path& from, const std::filesystem::path& to);

/// Makes `to` a checkpoint of the model in `from`, which need not be one: its weights, shape and tokenizer are shared
/// or copied as by link_checkpoint(), beside a trainer.json of `state`. There is no state of an optimizer, and so
/// nothing to resume.
void adopt_checkpoint(const std::filesystem::path& from, const std::filesystem::path& to, const TrainerState& state);

/// `trainer.json`. Error (input) naming the file and what is wrong.
TrainerState read_trainer_state(const std::filesystem::path& folder);

/// Error (input) with a list of differences unless a run with `now` can go on from the checkpoint and end with the same
/// result as if it had never stopped. How often to save and keep checkpoints may change.
void check_same_run(const std::filesystem::path& folder, const TrainerState& saved, const TrainerState& now);

/// Error (input) with the differences unless `here`, the split of the text at hand, is the one that the checkpoint in
/// `folder` was trained with. An empty `train_sha256` of `here` is not compared: settings can be known before the text.
void check_same_split(const std::filesystem::path& folder, const SplitRecord& saved, const SplitRecord& here);

/// Error (input) where the weights beside trainer.json are not those that were saved with it.
void check_weights(const std::filesystem::path& folder);

/// Reads weights and optimizer state into a model and an optimizer of the same kind and shape. Error (input) naming
/// file and tensor where one is missing, damaged or of another shape, or listing how the model's configuration differs;
/// where a file is whole but belongs to another checkpoint than trainer.json.
void load_checkpoint(const std::filesystem::path& folder, Gpt& model, Optimizer& optimizer);

}  // namespace octet
