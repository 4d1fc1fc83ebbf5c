#include <nlohmann/json.hpp>

#include "base/config/config.h"
#include "tests/fuzz/fuzz.h"
#include "train/checkpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace octet;
  static const fuzz::Folder folder;
  folder.write("trainer.json", fuzz::as_text(data, size));
  if (const auto state = fuzz::accepted([&] { return read_trainer_state(folder.path()); })) {
    check_same_run(folder.path(), *state, *state);
    fuzz::accepted([&] {
      check_same_run(folder.path(), *state, TrainerState{});
      return true;
    });
    const auto again = from_json<TrainerState>(to_json(*state), "written");
    fuzz::promise(differences(again, *state).empty(), "a state that was written reads back equal");
  }
  return 0;
}
