#include "eval/speed/speed.h"

#include <algorithm>
#include <memory>

#include "eval/speed/speed_task.h"

namespace octet {
namespace {

SpeedTask prompt_task(const Gpt& model, const SpeedOptions& options) {
  const std::int64_t context = model.config().context;
  return {.kind = SpeedTask::Kind::prompt,
          .tokens = options.prompt_tokens == 0 ? context : std::min(options.prompt_tokens, context)};
}

SpeedTask decode_task(const Gpt& model, const SpeedOptions& options) {
  return {.kind = SpeedTask::Kind::generate, .tokens = std::min(options.decode_tokens, model.config().context)};
}

}  // namespace

std::vector<SpeedResult> measure_speed(std::span<const NamedModel> models, const SpeedOptions& options,
                                       const Clock& clock) {
  check(!models.empty(), "[measure_speed] expected at least one model, got none");
  std::vector<std::unique_ptr<SpeedJob>> owned;
  std::vector<std::function<void()>> prefills, decodes;
  const auto add_job = [&](std::vector<std::function<void()>>& jobs, Gpt& model, const SpeedTask& task) {
    SpeedJob* job = owned.emplace_back(std::make_unique<SpeedJob>(model, task)).get();
    jobs.emplace_back([job] { job->run(); });
  };
  for (const NamedModel& entry : models) {
    add_job(prefills, *entry.model, prompt_task(*entry.model, options));
    add_job(decodes, *entry.model, decode_task(*entry.model, options));
  }
  const std::vector<Timing> prefill = time_interleaved(prefills, options.warmups, options.repetitions, clock);
  const std::vector<Timing> decode = time_interleaved(decodes, options.warmups, options.repetitions, clock);

  std::vector<SpeedResult> results;
  for (std::size_t m = 0; m < models.size(); ++m) {
    SpeedResult result;
    result.name = models[m].name;
    result.prompt_tokens = prompt_task(*models[m].model, options).tokens;
    result.decode_tokens = decode_task(*models[m].model, options).tokens;
    result.prefill_tokens_per_s = static_cast<double>(result.prompt_tokens) / prefill[m].median;
    result.decode_tokens_per_s = static_cast<double>(result.decode_tokens) / decode[m].median;
    const SpeedResult& baseline = results.empty() ? result : results.front();
    result.prefill_speedup = result.prefill_tokens_per_s / baseline.prefill_tokens_per_s;
    result.decode_speedup = result.decode_tokens_per_s / baseline.decode_tokens_per_s;
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace octet
