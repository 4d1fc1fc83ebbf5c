#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "nn/gpt.h"
#include "train/optimizer.h"
#include "train/tokenizer.h"
#include "train/train_config.h"

namespace octet {

// A checkpoint is a folder:
//
//     model.safetensors    the weights by dotted name      } what evaluation, quantization
//     config.json          the shape of the model          } and generation need
//     tokenizer.json       Hugging Face form               }
//     trainer.safetensors  state of the optimizer          } what resuming needs
//     trainer.json         TrainerState                    }

/// Where a run stands, and what it is made from: `trainer.json`.
struct TrainerState {
  std::int64_t step = 0;            ///< steps taken
  std::optional<double> best_loss;  ///< lowest held-out loss so far, nats per token
  std::int64_t best_step = 0;       ///< after this many steps
  std::string corpus_sha256;
  std::string tokenizer_sha256;
  TrainConfig train;

  template <class V>
  void visit(V& v) {
    v("step", step, at_least(0), required());
    v("best_loss", best_loss);
    v("best_step", best_step, at_least(0));
    v("corpus_sha256", corpus_sha256, required());
    v("tokenizer_sha256", tokenizer_sha256, required());
    v("train", train, required());
  }
};

/// Writes all files to a temporary folder and renames it, so that `folder` is complete or as before. Error (run) where
/// a weight or the optimizer's state is not finite (nothing is written), or the disk is full.
void save_checkpoint(const std::filesystem::path& folder, Gpt& model, const Optimizer& optimizer,
                     const Tokenizer& tokenizer, const TrainerState& state);

/// Makes `to` another name of the checkpoint `from`: its files are shared (hard links) where the file system can, else
/// copied. Sharing is safe, since checkpoints are replaced whole and never written into.
void link_checkpoint(const std::filesystem::path& from, const std::filesystem::path& to);

/// `trainer.json`. Error (input) naming the file and what is wrong.
TrainerState read_trainer_state(const std::filesystem::path& folder);

/// Error (input) with a list of differences unless a run with `now` can go on from the checkpoint and end with the same
/// result as if it had never stopped. How often to save and keep checkpoints may change.
void check_same_run(const std::filesystem::path& folder, const TrainerState& saved, const TrainerState& now);

/// Reads weights and optimizer state into a model and an optimizer of the same kind and shape. Error (input) naming
/// file and tensor where one is missing, damaged or of another shape, or listing how the model's configuration differs.
void load_checkpoint(const std::filesystem::path& folder, Gpt& model, Optimizer& optimizer);

}  // namespace octet
