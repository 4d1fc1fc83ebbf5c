#pragma once

#include <functional>
#include <span>
#include <string>

#include "nn/gpt.h"

namespace octet {

/// Runs the model over batches of ids (B, T) and shows every input of every layer: on_input(path, x) with the dotted
/// name of the linear layer ("embedding" for a tied output head) and its input x (B, T, C), in CPU memory whatever the
/// model's device. Layers come in the order in which they run. Observers that were there before are back afterwards,
/// also after an exception. `on_input` is called on the calling thread; nobody else may use the model meanwhile.
void observe_inputs(Gpt& model, std::span<const Tensor> batches,
                    const std::function<void(const std::string& path, const Tensor& x)>& on_input);

/// The same for the layers below any module while `run` runs; paths begin below it ("qkv" of an Attention). The inputs
/// stay on their device.
void observe_inputs(Module& module, const std::function<void(const std::string& path, const Tensor& x)>& on_input,
                    const std::function<void()>& run);

}  // namespace octet
