#include "tests/fuzz/fuzz.h"
#include "train/metrics.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace octet;
  static const fuzz::Folder folder;
  const auto path = folder.path() / "metrics.jsonl";
  folder.write("metrics.jsonl", fuzz::as_text(data, size));
  const auto rows = fuzz::accepted([&] { return read_metrics(path); });
  if (rows && !rows->empty()) {
    // A run that goes on: it keeps the rows up to where it stands.
    const std::int64_t steps_done = rows->back().step;
    MetricsLog log(path, steps_done);
    log.append(rows->front());
    const auto again = read_metrics(path);
    fuzz::promise(again.size() == log.rows().size(), "rows that were written read back");
    fuzz::promise(to_json_line(again.back()) == to_json_line(rows->front()), "numbers read back to the same bits");
  }
  return 0;
}
