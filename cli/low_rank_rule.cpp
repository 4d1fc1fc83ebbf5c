#include "cli/low_rank_rule.h"

#include <algorithm>

namespace octet {
namespace {

/// The smaller side of the matrix of a layer (nn/gpt.h lists them).
std::int64_t smaller_side(const GptConfig& model, const std::string& path) {
  if (path.ends_with("attention.gate")) return std::min(model.heads, model.width);
  if (path.find(".attention.") != std::string::npos) return model.width;  // qkv has as many rows, or more
  if (path.find(".mlp.") != std::string::npos) return std::min(model.hidden, model.width);
  return std::min(model.vocabulary, model.width);  // the embedding, and a head of its own
}

}  // namespace

void check_low_rank(const GptConfig& model, const Recipe& recipe, const std::vector<std::string>& paths,
                    const std::string& key, Problems& problems) {
  for (const std::string& path : paths) {
    const std::int64_t rank = recipe.scheme_of(path).low_rank, most = smaller_side(model, path);
    if (rank > most) {
      problems.add(key, "low_rank: expected at most {}, the smaller side of the matrix of \"{}\", got {}", most, path,
                   rank);
      return;
    }
  }
}

}  // namespace octet
