#include "nn/export/exported.h"

#include "base/error.h"

namespace octet {

void check_rotates_nothing(const GptConfig& config, std::string_view option) {
  if (config.rotations.any()) {
    fail(ErrorKind::config,
         "{}: expected a model that other programs compute alike, got one whose recipe rotates {} while it runs "
         "(rotate: {}: true)",
         option, config.rotations.down ? "the inputs of mlp.down" : "the heads",
         config.rotations.down ? "down" : "keys");
  }
}

}  // namespace octet
