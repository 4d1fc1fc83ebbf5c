#include "eval/bench.h"

#include <algorithm>

#include <unistd.h>

#include "base/error.h"
#include "base/format.h"
#include "cli/console.h"
#include "cli/device.h"
#include "eval/bench_shapes.h"
#include "eval/bench_text.h"
#include "nn/cost.h"
#include "nn/initialize.h"
#include "nn/quantized_file.h"

namespace octet {
namespace {

/// What is benched: a name, a model and the formats to store it in.
struct BenchSubject {
  std::string name;
  std::unique_ptr<Gpt> model;
  std::vector<BenchFormat> formats;
};

std::int64_t longest(const std::vector<SpeedTask>& tasks) {
  std::int64_t positions = 0;
  for (const SpeedTask& task : tasks) {
    positions = std::max(positions, task.positions());
  }
  return positions;
}

/// Beyond the memory a model would be read from the disk, and its speed be that of the disk.
void check_memory(const BenchShape& shape) {
  const double needed = 2.0 * 4.0 * static_cast<double>(parameter_count(shape.config));
  const double memory = static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGESIZE));
  if (needed > memory) {
    fail(ErrorKind::config,
         "--shape: expected a model that fits the memory of {} with the copy that is quantized, got {} "
         "with {:.3g} parameters, which takes {}",
         format_bytes(static_cast<std::uint64_t>(memory)), shape.name, needed / 8,
         format_bytes(static_cast<std::uint64_t>(needed)));
  }
}

/// Without weights, which take a while to draw.
BenchSubject subject_of_shape(const BenchArguments& arguments, const BenchOptions& tests) {
  BenchShape shape = bench_shape(arguments.shape);
  if (!shape.has_context) {
    shape.config.context = longest(bench_tasks(tests));
  }
  check_memory(shape);
  std::vector<BenchFormat> formats = find_bench_formats(arguments.formats);
  return {shape.name, std::make_unique<Gpt>(shape.config), std::move(formats)};
}

BenchSubject subject_of_checkpoint(const BenchArguments& arguments) {
  const std::filesystem::path folder = arguments.checkpoint;
  const bool quantized = !read_model_description(folder).quantization.empty();
  if (quantized && !arguments.formats.empty()) {
    fail(ErrorKind::config, "--formats: expected an FP32 checkpoint to quantize, but {} is quantized already",
         arguments.checkpoint);
  }
  const std::string name = std::filesystem::absolute(folder).lexically_normal().filename().string();
  return {name, load_any_model(folder),
          quantized ? std::vector<BenchFormat>{{"as stored", std::nullopt}} : find_bench_formats(arguments.formats)};
}

/// What was asked for, else what fits the context.
std::vector<std::int64_t> tokens_or(const std::vector<std::int64_t>& asked, std::vector<std::int64_t> usual,
                                    std::int64_t context) {
  if (!asked.empty()) {
    return asked;
  }
  for (std::int64_t& tokens : usual) {
    tokens = std::min(tokens, context);
  }
  usual.erase(std::unique(usual.begin(), usual.end()), usual.end());
  return usual;
}

BenchOptions tests_within(const BenchArguments& arguments, std::int64_t context) {
  BenchOptions options;
  options.prompt = tokens_or(arguments.prompt, options.prompt, context);
  options.generate = tokens_or(arguments.generate, options.generate, context);
  options.batch = arguments.batch;
  options.depth = arguments.depth;
  options.kv = *enum_from_name<KvFormat>(arguments.kv);
  options.repetitions = arguments.repetitions;
  if (bench_tasks(options).empty()) {
    fail(ErrorKind::config, "--prompt, --generate: expected at least one test, got only 0 tokens");
  }
  return options;
}

void check_context(const BenchOptions& tests, const BenchSubject& subject) {
  for (const SpeedTask& task : bench_tasks(tests)) {
    if (task.positions() > subject.model->config().context) {
      fail(ErrorKind::config, "{}: expected tests within the context of {} positions, got {}, which takes {}",
           subject.name, subject.model->config().context, task.name(), task.positions());
    }
  }
}

}  // namespace

void bench_verb(const CommonOptions& common, const BenchArguments& arguments) {
  if (arguments.checkpoint.empty() == arguments.shape.empty()) {
    fail(ErrorKind::config, "octet bench: expected either a checkpoint or --shape, got {}",
         arguments.shape.empty() ? "none" : "both");
  }
  constexpr std::int64_t kAnyContext = std::int64_t{1} << 20;
  BenchSubject subject;
  BenchOptions tests;
  if (arguments.checkpoint.empty()) {
    tests = tests_within(arguments, kAnyContext);
    subject = subject_of_shape(arguments, tests);
  } else {
    subject = subject_of_checkpoint(arguments);
    tests = tests_within(arguments, subject.model->config().context);
  }
  check_context(tests, subject);
  print_start(common, device_of(common));
  if (arguments.checkpoint.empty()) {
    initialize(*subject.model, common.seed.value_or(1));
  }
  subject.model->to(device_of(common));
  const auto sink = make_progress(common);
  StopsOnInterrupt progress("bench", *sink);
  const BenchReport report = run_bench(subject.name, *subject.model, subject.formats, tests, progress);
  (common.json ? print_exactly : print)(common.json ? bench_json(report) : bench_table(report));
}

}  // namespace octet
