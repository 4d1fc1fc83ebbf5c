#pragma once

#include "base/progress.h"
#include "cli/run_config.h"

namespace octet {

// A run need not train: `checkpoint` of its configuration names a trained model, Octet's own or an imported one, that
// the other stages work on.

/// The folder of the model that `checkpoint` names. Where that is gone by now, the run's best checkpoint: it was taken
/// before. Error (config) where there is neither.
std::filesystem::path given_folder(const Run& run);

/// Takes the shape of the model that `checkpoint` names, where the run has one, and checks the configuration against
/// it. Errors (config): nothing is there, its layers are quantized, `model` wants another shape; (input) it is damaged.
void take_given_shape(Run& run);

/// What training does in a run that has a `checkpoint`: makes it the best checkpoint of the run (checkpoints/best; the
/// weights are shared, not copied, where the file system can), with the record of how the text is split. The same
/// again changes nothing.
///
/// Errors: those of take_given_shape(); (input) the run has another model already, or the given one was trained on this
/// text, split in another way.
void take_given_model(Run& run, ProgressSink& progress);

}  // namespace octet
