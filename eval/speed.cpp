#include "eval/speed.h"

#include <algorithm>
#include <memory>

#include "base/random.h"
#include "nn/kv_cache.h"
#include "tensor/autograd/node.h"

namespace octet {
namespace {

Tensor random_tokens(std::int64_t count, std::int64_t vocabulary) {
  const Random random(1, hash_name("speed"));
  Tensor ids = Tensor::empty({1, count}, DType::i32);
  std::uint64_t index = 0;
  for (std::int32_t& id : ids.span<std::int32_t>()) {
    id = static_cast<std::int32_t>(random.below(index++, static_cast<std::uint64_t>(vocabulary)));
  }
  return ids;
}

/// The two jobs of one model with their buffers.
class SpeedTest {
 public:
  SpeedTest(Gpt& model, const SpeedOptions& options) : model_(model), cache_(model.config()) {
    const std::int64_t context = model.config().context;
    prompt_tokens_ = options.prompt_tokens == 0 ? context : std::min(options.prompt_tokens, context);
    decode_tokens_ = std::min(options.decode_tokens, context);
    prompt_ = random_tokens(prompt_tokens_, model.config().vocabulary);
    for (std::int64_t t = 0; t < decode_tokens_; ++t) {
      singles_.push_back(Tensor::from<std::int32_t>({&prompt_.data<std::int32_t>()[t % prompt_tokens_], 1}, {1, 1}));
    }
  }

  std::int64_t prompt_tokens() const { return prompt_tokens_; }
  std::int64_t decode_tokens() const { return decode_tokens_; }

  void prefill() {
    cache_.reset();
    step(prompt_);
  }
  void decode() {
    cache_.reset();
    for (const Tensor& id : singles_) {
      step(id);
    }
  }

 private:
  void step(const Tensor& ids) {
    ForwardOptions options;
    options.cache = &cache_;
    options.last_only = true;
    model_.forward(ids, options);
  }

  Gpt& model_;
  KvCache cache_;
  std::int64_t prompt_tokens_ = 0;
  std::int64_t decode_tokens_ = 0;
  Tensor prompt_;                // (1, prompt_tokens)
  std::vector<Tensor> singles_;  // decode_tokens of (1, 1)
};

}  // namespace

std::vector<SpeedResult> measure_speed(std::span<const TimedModel> models, const SpeedOptions& options,
                                       const Clock& clock) {
  check(!models.empty(), "[measure_speed] expected at least one model, got none");
  const NoGrad no_grad;
  std::vector<std::unique_ptr<SpeedTest>> tests;
  std::vector<std::function<void()>> prefills;
  std::vector<std::function<void()>> decodes;
  for (const TimedModel& entry : models) {
    SpeedTest* test = tests.emplace_back(std::make_unique<SpeedTest>(*entry.model.model, options)).get();
    prefills.emplace_back([test] { test->prefill(); });
    decodes.emplace_back([test] { test->decode(); });
  }
  const std::vector<Timing> prefill = time_interleaved(prefills, options.warmups, options.repetitions, clock);
  const std::vector<Timing> decode = time_interleaved(decodes, options.warmups, options.repetitions, clock);

  std::vector<SpeedResult> results;
  for (std::size_t m = 0; m < models.size(); ++m) {
    SpeedResult result;
    result.name = models[m].model.name;
    result.prompt_tokens = tests[m]->prompt_tokens();
    result.decode_tokens = tests[m]->decode_tokens();
    result.prefill = prefill[m];
    result.decode = decode[m];
    result.prefill_tokens_per_s = static_cast<double>(result.prompt_tokens) / prefill[m].median;
    result.decode_tokens_per_s = static_cast<double>(result.decode_tokens) / decode[m].median;
    const SpeedResult& baseline = results.empty() ? result : results.front();
    result.prefill_speedup = result.prefill_tokens_per_s / baseline.prefill_tokens_per_s;
    result.decode_speedup = result.decode_tokens_per_s / baseline.decode_tokens_per_s;
    result.weight_bytes = models[m].weight_bytes;
    result.decode_gb_per_s = static_cast<double>(result.weight_bytes) * result.decode_tokens_per_s / 1e9;
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace octet
