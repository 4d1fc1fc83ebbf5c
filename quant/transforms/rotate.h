#pragma once

#include <memory>

#include "nn/gpt.h"
#include "quant/transform_config.h"

namespace octet {

/// Rotates what flows through a model, so that outliers of single channels become small parts in all (QuaRot, Ashkboos
/// et al. 2024, https://arxiv.org/abs/2404.00456, section 4). All of it ends up in the weights:
///
///     1. Gains of norms move into the layers behind them: W (g * n) = (W diag(g)) n. LayerNorm's biases become part of
///        those layers' biases.
///     2. The residual stream h (C) becomes h Q. Who writes into it (embedding, positions, attention.output, mlp.down)
///        writes rotated vectors; who reads it (attention.qkv, mlp.gate, mlp.up, head) reads them. A norm without a
///        gain commutes with Q: RMSNorm because Q keeps lengths, LayerNorm because its Q keeps the mean too.
///     3. The values v (D) of each head become v R: rows of attention.qkv, and columns of attention.output.
///
/// Inputs of mlp.down are not rotated: the nonlinearity before them does not commute. See rotated_online().
///
/// The rotated embedding and the head differ by the gain of the last norm, so that the head must be a matrix of its own
/// (fp32_copy unties it): V x C more values, 768 KiB in FP32 and 108 KiB in int4 for the demo's 1024 x 192.
///
/// `model` is in FP32 on the CPU. Errors (config) before the first change: a width or head size without a Hadamard
/// matrix, naming it; a tied head; of GPT-2, a gain of 0 in the last norm where its bias is not 0, since the head has
/// no bias that could take it.
void rotate(Gpt& model, const RotateConfig& config);

/// A copy of the same function that rotates what cannot be rotated in weights alone, while it runs
/// (nn/layers/online_rotation.h), where `config` asks for it:
///
///     down   the inputs x (F) of mlp.down become x Q, its weight W becomes W Q
///     keys   queries and keys of each head become q R and k R, behind RoPE, so that their products stay as they are;
///            values become v R, and attention.output reads them so. GPT-2 has no RoPE: without norms of
///            queries and keys, R ends up in attention.qkv, and nothing is left to do while it runs
///
/// Keys and values without outliers lose less in an int8 cache. `model` is in FP32. Errors (config): a hidden width or
/// head size without a Hadamard matrix, naming it; a model that rotates already.
std::unique_ptr<Gpt> rotated_online(Gpt& model, const RotateConfig& config);

/// Error (config), naming it, where a width that `rotate` turns has no Hadamard matrix: known before there is a model.
void check_rotatable(const GptConfig& config, const RotateConfig& rotate);

}  // namespace octet
