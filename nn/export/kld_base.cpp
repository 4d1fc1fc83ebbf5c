#include "nn/export/kld_base.h"

#include <algorithm>
#include <cmath>

#include "base/files/atomic_file.h"
#include "tensor/autograd/node.h"

namespace octet {
namespace {

template <typename T>
void put(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// One position: step, lowest and codes of its logits.
void put_position(std::string& bytes, std::span<const float> logits) {
  constexpr float kReach = 16.0F, kHighestCode = 65535.0F;
  const auto [least, most] = std::minmax_element(logits.begin(), logits.end());
  const float lowest = std::max(*least, *most - kReach), step = (*most - lowest) / kHighestCode;
  double sum = 0.0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - *most);
  put(bytes, step);
  put(bytes, static_cast<float>(lowest - *most - std::log(sum)));
  const float inverse = step > 0.0F ? 1.0F / step : 0.0F;
  for (const float logit : logits) {
    const float code = std::nearbyint((std::max(logit, lowest) - lowest) * inverse);
    put(bytes, static_cast<std::uint16_t>(std::min(code, kHighestCode)));
  }
  if (logits.size() % 2 != 0) put(bytes, std::uint16_t{0});
}

}  // namespace

void export_kld_base(const std::filesystem::path& file, Gpt& model, const TokenWindows& windows,
                     ProgressSink& progress) {
  const NoGrad no_grad;
  const std::size_t size = windows.front().size();
  const auto vocabulary = static_cast<std::size_t>(model.config().vocabulary);
  std::string bytes = "_logits_";
  for (const std::size_t number : {size, vocabulary, windows.size()}) put(bytes, static_cast<std::int32_t>(number));
  for (const std::vector<std::int32_t>& window : windows) {
    for (const std::int32_t token : window) put(bytes, token);
  }
  AtomicFile out(file);
  out.write(bytes);
  ProgressUpdate update{.task = "kld-base", .unit = "window", .total = static_cast<std::int64_t>(windows.size())};
  for (const std::vector<std::int32_t>& window : windows) {
    progress.update(update);
    const Tensor ids = Tensor::from(window, {1, static_cast<std::int64_t>(size)});
    const Tensor logits = model.forward(ids).to(DeviceKind::cpu);  // (1, n, V)
    bytes.clear();
    for (std::size_t position = size / 2; position + 1 < size; ++position) {
      put_position(bytes, logits.span<float>().subspan(position * vocabulary, vocabulary));
    }
    out.write(bytes);
    ++update.done;
  }
  out.commit();
  progress.finish(update);
}

}  // namespace octet
