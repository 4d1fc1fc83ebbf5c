#include "nn/export/imatrix.h"

#include <map>

#include "io/gguf_writer.h"
#include "nn/export/gguf.h"
#include "nn/import/layout.h"
#include "nn/observe.h"

namespace octet {
namespace {

/// The sums of squares of the columns of a layer's input.
struct InputSums {
  std::vector<double> squares;
  std::int64_t positions = 0;

  void add(const Tensor& x) {
    const std::int64_t columns = x.dim(-1);
    squares.resize(static_cast<std::size_t>(columns));
    const std::span<const float> values = x.span<float>();
    for (std::size_t i = 0; i < values.size(); ++i) {
      squares[i % squares.size()] += static_cast<double>(values[i]) * values[i];
    }
    positions += x.elements() / columns;
  }
};

std::vector<std::uint8_t> bytes_of(std::span<const float> values) {
  const auto* begin = reinterpret_cast<const std::uint8_t*>(values.data());
  return {begin, begin + values.size_bytes()};
}

}  // namespace

int export_imatrix(const std::filesystem::path& file, Gpt& model, const TokenWindows& windows, const std::string& text,
                   const std::string& made_by, ProgressSink& progress) {
  std::map<std::string, InputSums> sums;  // by the names of parameters
  ProgressUpdate update{.task = "imatrix", .unit = "window", .total = static_cast<std::int64_t>(windows.size())};
  for (const std::vector<std::int32_t>& window : windows) {
    progress.update(update);
    const Tensor ids = Tensor::from(window, {1, static_cast<std::int64_t>(window.size())});
    observe_inputs(model, std::span(&ids, 1),
                   [&](const std::string& path, const Tensor& x) { sums[path + ".weight"].add(x); });
    ++update.done;
  }
  const GgufType* type = find_gguf_type("F32");
  std::vector<GgufEntry> entries;
  std::vector<std::vector<std::uint8_t>> data;
  const SourceLayout layout = gguf_layout(model.config(), gguf_architecture(model.config()));
  for (const ParameterSource& source : layout.parameters) {
    const auto found = sums.find(source.parameter);
    if (found == sums.end()) continue;
    const std::vector<float> squares(found->second.squares.begin(), found->second.squares.end());
    const float positions = static_cast<float>(found->second.positions);
    for (const SourcePart& part : source.parts) {
      entries.push_back({part.name + ".in_sum2", {1, static_cast<std::int64_t>(squares.size())}, type});
      data.push_back(bytes_of(squares));
      entries.push_back({part.name + ".counts", {1, 1}, type});
      data.push_back(bytes_of({&positions, 1}));
    }
  }
  const GgufKeys keys = {{"general.type", std::string("imatrix")},
                         {"imatrix.datasets", std::vector<std::string>{text}},
                         {"imatrix.chunk_count", static_cast<std::uint32_t>(windows.size())},
                         {"imatrix.chunk_size", static_cast<std::uint32_t>(windows.front().size())},
                         {kGgufExportedKey, made_by}};
  GgufWriter writer(file, keys, entries);
  for (const auto& bytes : data) writer.append(bytes);
  writer.commit();
  progress.finish(update);
  return static_cast<int>(entries.size() / 2);
}

}  // namespace octet
