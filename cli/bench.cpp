#include "eval/speed/bench.h"

#include <algorithm>

#include "base/error.h"
#include "base/memory.h"
#include "cli/console.h"
#include "cli/device.h"
#include "cli/model_folder.h"
#include "cli/shared_options.h"
#include "cli/verbs.h"
#include "eval/speed/bench_shapes.h"
#include "eval/speed/bench_text.h"
#include "nn/cost.h"
#include "nn/files/quantized_file.h"
#include "nn/initialize.h"
#include "train/training_memory.h"

namespace octet {
namespace {

constexpr std::int64_t kMostRepetitions = 1'000'000;

struct BenchArguments {
  std::string checkpoint;              ///< either this
  std::string shape;                   ///< or random weights of this shape
  std::vector<std::int64_t> prompt;    ///< tokens; empty: the usual ones that fit the context
  std::vector<std::int64_t> generate;  ///< the same
  std::vector<std::int64_t> batch = {1};
  std::vector<std::int64_t> depth = {0};
  std::string kv = "f32";            ///< keys and values in the cache: f32 or int8
  std::vector<std::string> formats;  ///< empty: all
  std::int64_t repetitions = 5;
};

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

/// Beyond the memory a model would be read from the disk, and its speed be that of the disk. Counts the model with the
/// copy that is quantized, their key-value caches, and what the longest prompt takes in a layer.
void check_fits(const std::string& name, const GptConfig& config, const BenchOptions& tests) {
  double batch = 0, tokens = 0;
  for (const SpeedTask& task : bench_tasks(tests)) {
    batch = std::max(batch, static_cast<double>(task.batch));
    const bool prompt = task.kind == SpeedTask::Kind::prompt;
    tokens = std::max(tokens, static_cast<double>(task.batch) * static_cast<double>(prompt ? task.tokens : 1));
  }
  const double cache = 2.0 * static_cast<double>(config.layers * config.key_value_heads() * config.head_dim());
  const double caches =
      2.0 * cache * batch * static_cast<double>(config.context) * (tests.kv == KvFormat::int8 ? 1 : 4);
  check_memory(
      evaluation_bytes(config, 2.0, 0) + caches + tokens * 4.0 * static_cast<double>(config.width + config.hidden),
      fmt::format("--shape, --batch: the model {} with {:.3g} parameters and its quantized copy, with {} "
                  "sequences of {} tokens,",
                  name, static_cast<double>(parameter_count(config)), batch, config.context));
}

/// Without weights, which take a while to draw.
BenchSubject subject_of_shape(const BenchArguments& arguments, const BenchOptions& tests) {
  BenchShape shape = bench_shape(arguments.shape);
  if (!shape.has_context) {
    shape.config.context = longest(bench_tasks(tests));
  }
  check_fits(shape.name, shape.config, tests);
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

void bench_verb(const CommonOptions& common, const BenchArguments& given) {
  if (given.checkpoint.empty() == given.shape.empty()) {
    fail(ErrorKind::config, "octet bench: expected either a checkpoint or --shape, got {}",
         given.shape.empty() ? "none" : "both");
  }
  const BenchArguments arguments = of_model(common, given);
  constexpr std::int64_t kAnyContext = std::int64_t{1} << 20;
  BenchSubject subject;
  BenchOptions tests;
  if (arguments.checkpoint.empty()) {
    tests = tests_within(arguments, kAnyContext);
    subject = subject_of_shape(arguments, tests);
  } else {
    subject = subject_of_checkpoint(arguments);
    tests = tests_within(arguments, subject.model->config().context);
    check_fits(subject.name, subject.model->config(), tests);
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

}  // namespace

void add_bench(VerbList& verbs) {
  auto [options, arguments] =
      verbs.add("bench", "speed of a model in every format, beside the limits of the machine", bench_verb);
  add_any_checkpoint(options, arguments.checkpoint);
  options.text("--shape", arguments.shape, "random weights: llama-31m, llama-97m or width=512,layers=8,...");
  options.integers("--prompt", arguments.prompt, {0, kMostPositions}, "tokens read at once (128,512); 0: no such test");
  options.integers("--generate", arguments.generate, {0, kMostPositions},
                   "tokens written one by one (128); 0: no such test");
  options.integers("--batch", arguments.batch, {1, kMostSequences}, "sequences at once (1)");
  add_kv(options, arguments.kv);
  options.integers("--depth", arguments.depth, {0, kMostPositions},
                   "tokens in the cache before the first one is written (0)");
  options.texts("--formats", arguments.formats, "fp32,int8,int4,... (all)");
  options.integer("--repetitions", arguments.repetitions, {1, kMostRepetitions}, "rounds of each test").shows_default();
  options.without({"--out"});
}

}  // namespace octet
