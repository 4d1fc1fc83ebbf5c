#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace octet {

/// How text is cut into the pieces that byte-pair encoding works inside of. L is a Unicode letter, N a Unicode number,
/// S Unicode white space, R a carriage return or line feed; (?i:) ignores case.
///
///     gpt2        's|'t|'re|'ve|'m|'ll|'d| ?L+| ?N+| ?[^SLN]+|S+(?!not S)|S+
///     smollm      each N alone, then gpt2 on what lies between
///     llama_bpe   (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^RLN]?L+|N{1,3}| ?[^SLN]+R*|S*R+|S+(?!not S)|S+
///     qwen2       the same with N in place of N{1,3}
///
/// Sources: Radford et al., "Language Models are Unsupervised Multitask Learners", 2019, released code; the
/// `pre_tokenizer` of the tokenizer.json of Llama 3, Qwen 2 and SmolLM 2.
enum class SplitPattern { gpt2, smollm, llama_bpe, qwen2 };

/// The pattern for PCRE2. Always one that matches at every character.
std::string pcre2_pattern(SplitPattern pattern);

/// The regular expression that stands in a tokenizer.json with this pattern; empty where none does, since the pattern
/// is made of other steps there.
std::string_view hugging_face_regex(SplitPattern pattern);

/// The pattern that a GGUF file calls by this name (`tokenizer.ggml.pre`); nothing for an unknown one.
std::optional<SplitPattern> pattern_of_gguf(std::string_view name);

/// The name that a GGUF file has for this pattern.
std::string gguf_name(SplitPattern pattern);

/// The names that `pattern_of_gguf` knows, for messages.
std::string known_gguf_patterns();

}  // namespace octet
