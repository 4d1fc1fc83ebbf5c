#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "eval/score/windows.h"
#include "nn/gpt.h"

namespace octet {

/// Runs the model over the windows and shows every input of every layer: on_input(path, x) with the dotted name of the
/// linear layer ("embedding" for a tied output head) and its input x (B, T, C), in CPU memory whatever the model's
/// device. Layers come in the order in which they run. Observers that were there before are back afterwards, also after
/// an exception.
void observe_inputs(Gpt& model, std::span<const Window> windows, std::int64_t batch_tokens,
                    const std::function<void(const std::string& path, const Tensor& x)>& on_input);

}  // namespace octet
