#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nn/layers/gpt_config.h"
#include "tensor/shape.h"

namespace octet {

// Which tensors of a foreign model become which parameter of a Gpt, and how they lie there. C is the width, F the
// hidden width, V the vocabulary, T the context, H and G query and key heads of size D.

/// How a stored matrix becomes rows (out, in) of a parameter, or a stored vector its elements.
enum class StoredAs {
  rows,             ///< as it is
  columns,          ///< (in, out): transposed. The Conv1D of GPT-2 in Hugging Face's files
  neighbour_pairs,  ///< as rows, but the two rows that RoPE turns together are neighbours within a head, not D / 2
                    ///< apart
};

/// A stored tensor that gives some rows of a parameter.
struct SourcePart {
  std::string name;
  Shape shape;  ///< as stored
  StoredAs stored = StoredAs::rows;
  std::int64_t heads = 1;  ///< of neighbour_pairs: how many the rows are cut into

  /// Rows of the parameter, or elements of a vector.
  std::int64_t rows() const { return stored == StoredAs::columns ? shape[1] : shape[0]; }
};

/// A parameter of Gpt, and the tensors whose rows, one under the other, fill it.
struct ParameterSource {
  std::string parameter;
  std::vector<SourcePart> parts;
};

/// A stored tensor that is no weight: what its values must be for it to be left out.
struct StoredConstant {
  enum class Kind {
    inverse_frequencies,  ///< theta^(-2 i / D), i = 0 .. D / 2 - 1
    causal_mask,          ///< (1, 1, T, T): ones on and below the diagonal, zeros above
    large_negative,       ///< a score that softmax turns into zero
    tied_head,            ///< (V, C): the token embedding again
  };
  std::string name;
  Kind kind;
};

/// Everything that a foreign model of this shape may hold. Parameters must be there, constants may be missing.
struct SourceLayout {
  std::vector<ParameterSource> parameters;
  std::vector<StoredConstant> constants;
};

// Both layouts: error (config) for a model with qk_norm, attention_gate or attention_clip, which these formats do not
// have.

/// Names of Hugging Face's LlamaForCausalLM or GPT2LMHeadModel. `prefix` stands before all but the head: "model.",
/// "transformer." or nothing.
SourceLayout hugging_face_layout(const GptConfig& config, const std::string& prefix);
/// The same with the prefix of models that have a head, as every Gpt has.
SourceLayout hugging_face_layout(const GptConfig& config);
/// What stands before the names of all tensors but the head of such a model.
std::string hugging_face_prefix(Architecture architecture);

/// The `general.architecture` of a GGUF file with this model: "gpt2", "llama", or "qwen2" where queries, keys and
/// values alone have biases.
std::string gguf_architecture(const GptConfig& config);

/// Names of a GGUF file of one of these architectures. Rows that RoPE turns together are neighbours in llama alone.
SourceLayout gguf_layout(const GptConfig& config, std::string_view architecture);

}  // namespace octet
