#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <new>
#include <sstream>

#include <fmt/ranges.h>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/nearest.h"
#include "base/parallel.h"
#include "base/shown_text.h"
#include "cli/console.h"
#include "cli/device.h"
#include "cli/model_folder.h"
#include "cli/verbs.h"
#include "cli/version.h"
#include "tensor/backend.h"

namespace octet {
namespace {

void prepare(const CommonOptions& common) {
  install_interrupt_handler();
  if (common.threads) {
    set_thread_count(*common.threads);
  }
  if (!common.device.empty() && common.device != "cpu" && common.device != "cuda") {
    fail(ErrorKind::config, "--device: expected cpu or cuda, got \"{}\"", common.device);
  }
  active_backend();  // errors where there is none
  active_backend(device_of(common));
  if (!common.math.empty()) {
    const auto mode = enum_from_name<cuda::MathMode>(common.math);
    if (!mode) {
      fail(ErrorKind::config, "--math: expected fp32, tf32 or bf16, got \"{}\"", common.math);
    }
    cuda::set_math_mode(*mode);
  }
}

/// Error (config) unless `word` names a verb of `parent`; CLI11 would only say that one is required.
void check_verb(CLI::App& parent, const std::string& usage, const char* word) {
  std::vector<std::string> names;
  for (const CLI::App* verb : parent.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(verb->get_name());
  }
  if (word == nullptr) {
    fail(ErrorKind::config, "{}: expected a verb (known: {})", usage, fmt::join(names, ", "));
  }
  if (*word != '-' && std::find(names.begin(), names.end(), word) == names.end()) {
    const auto near = nearest_name(word, names);
    fail(ErrorKind::config, "{} {}: unknown verb{} (known: {})", usage, word,
         near ? ", did you mean \"" + *near + "\"?" : "", fmt::join(names, ", "));
  }
}

/// CLI11 takes the next word for the value of `--out=`, which a shell makes of `--out="$UNSET"`.
void check_values(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word.starts_with("--") && word.find('=') == word.size() - 1) {
      fail(ErrorKind::config, "{} expected a value behind it, got none", word);
    }
  }
}

/// Integers that an option takes. CLI11's own ranges are of floating-point numbers and print all 309 digits of the
/// largest one.
CLI::Validator integer_from(std::int64_t low, std::int64_t high) {
  return CLI::Validator(
      [low, high](std::string& text) -> std::string {
        std::int64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error == std::errc() && end == text.data() + text.size() && value >= low && value <= high) {
          return {};
        }
        return fmt::format("expected an integer from {} to {}, got \"{}\"", low, high, text);
      },
      "");
}

CLI::Validator any_seed() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool whole = error == std::errc() && end == text.data() + text.size();
        return whole ? "" : fmt::format("expected an integer from 0 to {}, got \"{}\"", UINT64_MAX, text);
      },
      "");
}

/// Finite numbers that an option takes.
CLI::Validator number_from(double low, double high) {
  return CLI::Validator(
      [low, high](std::string& text) -> std::string {
        double value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error == std::errc() && end == text.data() + text.size() && value >= low && value <= high) {
          return {};
        }
        return fmt::format("expected a number from {} to {}, got \"{}\"", low, high, text);
      },
      "");
}

/// Where an empty text would silently mean that the option was not given.
CLI::Validator not_blank() {
  return CLI::Validator(
      [](std::string& text) -> std::string { return text.empty() ? "expected some text, got an empty one" : ""; }, "");
}

constexpr std::int64_t kMostPositions = std::int64_t{1} << 20;  // as the context of a model
constexpr std::int64_t kMostSequences = 65'535;                 // the blocks of a GPU in one direction
constexpr std::int64_t kMostRepetitions = 1'000'000;
constexpr std::int64_t kMostTokens = 100'000'000;  // of text to generate
constexpr std::int64_t kMostVocabulary = std::int64_t{1} << 24;
constexpr double kMostTemperature = 1000;
constexpr int kMostRuns = 1000;  // that are compared

/// Messages hold names of files, keys and models: none of them may steer the terminal.
void print_error(const char* message) {
  std::fprintf(stderr, "error: %s\n", shown_text(message).c_str());
}

/// The version and every backend, best first.
std::string version_text() {
  std::string text = program_version();
  for (const Backend& backend : all_backends()) {
    const std::string missing = backend.missing();
    text += fmt::format("\n  {:<16}{}{}", backend.name, backend.description,
                        missing.empty() ? "" : "; not available: " + missing);
  }
  return text;
}

/// The command line: fills the argument structs and calls the verb that was named.
class CommandLine {
 public:
  CommandLine() {
    app_.require_subcommand(1);
    app_.set_version_flag("--version", version_text, "version, and the backends with what they lack here");
    app_.failure_message([](const CLI::App*, const CLI::Error& error) {
      return fmt::format("error: {}; `octet VERB --help` shows the usage\n", shown_text(error.what()));
    });
    add_config_verb("run", "train, quantize every recipe, evaluate, report", run_verb);
    add_config_verb("train", "train the FP32 model", train_verb);
    add_quantize();
    add_eval();
    add_config_verb("report", "draw the charts and write the report again", report_verb);
    add_compare();
    add_import();
    add_export();
    add_generate();
    add_bench();
    add_inspect();
    add_verify();
    add_microscope();
    add_explain();
    add_tokens();
    add_configs();
  }

  int run(int argc, const char* const* argv) {
    check_verb(app_, "octet", argv[1]);
    if (argv[1] == std::string_view("configs")) {
      check_verb(*app_.get_subcommand("configs"), "octet configs", argv[2]);
    }
    check_values(argc, argv);
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      // --help and --version come this way too.
      std::ostringstream out, err;
      const int code = app_.exit(error, out, err);
      print(out.str());
      std::fputs(err.str().c_str(), stderr);
      // CLI11 has codes of its own (100 to 127); to a caller every wrong usage is 2.
      return code == 0 ? 0 : static_cast<int>(ErrorKind::config);
    }
    prepare(common_);
    verb_();
    return 0;
  }

 private:
  CLI::App* add_verb(CLI::App& parent, const std::string& name, const std::string& help, std::function<void()> verb) {
    CLI::App* command = parent.add_subcommand(name, help);
    command->add_option("--device", common_.device, "cpu or cuda (default: as configured, else cpu)")
        ->check(not_blank());
    command
        ->add_option("--math", common_.math,
                     "what FP32 products of a GPU round their operands to: fp32, tf32 or bf16 (default: as configured, "
                     "else fp32)")
        ->check(not_blank());
    command->add_option("--threads", common_.threads, "threads to use (default: all processors)");
    command->add_option("--seed", common_.seed, "seed of weights, batches and samples")->check(any_seed());
    command->add_option("--out", common_.out, "run folder (default: runs/NAME)")->check(not_blank());
    command->add_flag("--json", common_.json, "results as JSON");
    command->add_flag("--quiet", common_.quiet, "no progress");
    command->callback([this, verb = std::move(verb)] { verb_ = verb; });
    return command;
  }

  void add_config_verb(const std::string& name, const std::string& help,
                       void (*verb)(const CommonOptions&, const ConfigArguments&)) {
    CLI::App* command = add_verb(app_, name, help, [this, verb] { verb(common_, config_); });
    add_config_arguments(*command, config_);
  }

  static void add_config_arguments(CLI::App& command, ConfigArguments& arguments) {
    command.add_option("config", arguments.config, "YAML file, built-in name or run folder")
        ->required()
        ->check(not_blank());
    command.add_option("overrides", arguments.overrides, "key.path=value ...");
  }

  /// Files of recipes: one after each --recipe.
  static void add_recipes(CLI::App& command, std::vector<std::string>& recipes, const std::string& help) {
    command.add_option("--recipe", recipes, help)->allow_extra_args(false)->check(not_blank());
  }

  void add_quantize() {
    CLI::App* command = add_verb(app_, "quantize", "quantize the trained model with every recipe",
                                 [this] { quantize_verb(common_, quantize_); });
    add_config_arguments(*command, quantize_);
    add_recipes(*command, quantize_.recipes,
                "YAML file of a recipe beside those of the configuration; may be given several times");
    command->add_flag(
        "--dry-run", quantize_.dry_run,
        "print how large every tensor will be and what stays FP32; needs no trained model, writes nothing");
  }

  void add_eval() {
    CLI::App* command = add_verb(app_, "eval",
                                 "evaluate a run: the FP32 model and every quantized one; or, with --text, "
                                 "any model on any text",
                                 [this] { eval_run_or_text(); });
    command
        ->add_option("config", eval_.config,
                     "YAML file, built-in name or run folder; with --text the folder of a model")
        ->required()
        ->check(not_blank());
    command->add_option("overrides", eval_.overrides, "key.path=value ... (not with --text)");
    command->add_option("--text", eval_.text, "file whose perplexity and bits per byte are taken")->check(not_blank());
    command
        ->add_option("--against", eval_.against,
                     "folder of a model with the same tokenizer that is compared with it; may be given several times")
        ->allow_extra_args(false)
        ->check(not_blank());
    command
        ->add_option("--protocol", eval_.protocol,
                     "octet: every token counts once; llama.cpp: the second half of windows that touch (octet)")
        ->check(CLI::IsMember({"octet", "llama.cpp"}));
    command->add_option("--context", eval_.context, "tokens of a window (the model's context, at most 512)")
        ->check(integer_from(1, kMostPositions));
    command->add_option("--stride", eval_.stride, "tokens from one window to the next, of octet (the context)")
        ->check(integer_from(1, kMostPositions));
    command->add_option("--windows", eval_.windows, "how many at most, spread over the text; 0: all (0)")
        ->check(integer_from(0, kMostTokens));
  }

  void eval_run_or_text() {
    if (eval_.text.empty()) {
      eval_verb(common_, eval_);
      return;
    }
    EvalArguments arguments = eval_;
    arguments.config = model_folder(common_, eval_.config);
    for (std::string& other : arguments.against) other = model_folder(common_, other);
    eval_text_verb(common_, arguments);
  }

  void add_compare() {
    CLI::App* command = add_verb(app_, "compare", "the models of several runs in one table, with --out on one page",
                                 [this] { compare_verb(common_, compare_); });
    command->add_option("runs", compare_.runs, "folders of runs, or their report.json")
        ->required()
        ->expected(2, kMostRuns)
        ->check(not_blank());
  }

  void add_import() {
    CLI::App* command =
        add_verb(app_, "import", "make a model of Hugging Face, or a GGUF file, a model of Octet (--out)",
                 [this] { import_verb(common_, import_); });
    command
        ->add_option("source", import_.source, "folder with config.json, tokenizer.json and safetensors, or GGUF file")
        ->required()
        ->check(not_blank());
    command->add_flag("--fp32", import_.fp32,
                      "make integer blocks of a GGUF file FP32 too: for training and for recipes");
    command
        ->add_option("--activations", import_.activations,
                     "what layers that stay integer multiply: weight_only (FP32) or dynamic (int8)")
        ->check(CLI::IsMember({"weight_only", "dynamic"}))
        ->capture_default_str();
  }

  void add_export() {
    CLI::App* command = add_verb(app_, "export", "make a model of Octet files of another program (--out)",
                                 [this] { export_verb(common_, of_model(export_)); });
    add_checkpoint(*command, export_.checkpoint,
                   "folder of a model, FP32 or quantized, or of a run (its best checkpoint)")
        ->required();
    command->add_option("--to", export_.to, "what files to make: hf, compressed-tensors, gguf, imatrix or kld-base")
        ->required()
        ->check(not_blank());
    command
        ->add_option("--type", export_.type,
                     "of all matrices of a GGUF file: F32, F16, Q8_0, Q4_0 ... (as the checkpoint has them)")
        ->check(not_blank());
    command->add_option("--text", export_.text, "file that the model reads for imatrix and kld-base")
        ->check(not_blank());
    command->add_option("--context", export_.context, "tokens of a window of it (the model's context, at most 512)")
        ->check(integer_from(1, kMostPositions));
    command->add_option("--windows", export_.windows, "how many at most, spread over the text; 0: all (0)")
        ->check(integer_from(0, kMostTokens));
  }

  void add_generate() {
    CLI::App* command =
        add_verb(app_, "generate", "continue a text", [this] { generate_verb(common_, of_model(generate_)); });
    add_checkpoint(*command, generate_.checkpoint,
                   "folder of a model, FP32 or quantized, or of a run (its best checkpoint)")
        ->required();
    command->add_option("--prompt", generate_.prompt, "text to continue")->required()->check(not_blank());
    command
        ->add_option("--tokens", generate_.tokens,
                     "how many tokens at most; beyond the model's context it forgets all but the last half of that, "
                     "again and again")
        ->check(integer_from(0, kMostTokens))
        ->capture_default_str();
    command->add_option("--temperature", generate_.temperature, "0: always the likeliest")
        ->check(number_from(0, kMostTemperature))
        ->capture_default_str();
    command->add_option("--top-k", generate_.top_k, "choose among the k likeliest, at most the vocabulary; 0: all")
        ->check(integer_from(0, kMostVocabulary))
        ->capture_default_str();
    command->add_option("--top-p", generate_.top_p, "choose within this probability")
        ->check(number_from(0, 1))
        ->capture_default_str();
    add_kv(*command, generate_.kv);
  }

  static CLI::Option* add_checkpoint(CLI::App& command, std::string& checkpoint, const std::string& help) {
    return command.add_option("checkpoint", checkpoint, help)->check(not_blank());
  }

  /// The arguments with the folder of a model in place of that of a run.
  template <typename Arguments>
  Arguments of_model(Arguments arguments) const {
    arguments.checkpoint = model_folder(common_, arguments.checkpoint);
    return arguments;
  }

  /// An option that takes a list with commas, in one word.
  template <typename T>
  static CLI::Option* add_list(CLI::App& command, const std::string& name, std::vector<T>& list,
                               const std::string& help) {
    return command.add_option(name, list, help)->delimiter(',')->allow_extra_args(false);
  }

  static void add_kv(CLI::App& command, std::string& kv) {
    command.add_option("--kv", kv, "how the cache stores keys and values: f32 or int8")
        ->check(CLI::IsMember({"f32", "int8"}))
        ->capture_default_str();
  }

  void add_bench() {
    CLI::App* command =
        add_verb(app_, "bench", "speed of a model in every format, beside the limits of the machine",
                 [this] { bench_verb(common_, bench_.checkpoint.empty() ? bench_ : of_model(bench_)); });
    add_checkpoint(*command, bench_.checkpoint,
                   "folder of a model, FP32 or quantized, or of a run (its best checkpoint)");
    command->add_option("--shape", bench_.shape, "random weights: llama-31m, llama-97m or width=512,layers=8,...")
        ->check(not_blank());
    add_list(*command, "--prompt", bench_.prompt, "tokens read at once (128,512); 0: no such test")
        ->check(integer_from(0, kMostPositions));
    add_list(*command, "--generate", bench_.generate, "tokens written one by one (128); 0: no such test")
        ->check(integer_from(0, kMostPositions));
    add_list(*command, "--batch", bench_.batch, "sequences at once (1)")->check(integer_from(1, kMostSequences));
    add_kv(*command, bench_.kv);
    add_list(*command, "--depth", bench_.depth, "tokens in the cache before the first one is written (0)")
        ->check(integer_from(0, kMostPositions));
    add_list(*command, "--formats", bench_.formats, "fp32,int8,int4,... (all)")->check(not_blank());
    command->add_option("--repetitions", bench_.repetitions, "rounds of each test")
        ->check(integer_from(1, kMostRepetitions))
        ->capture_default_str();
  }

  void add_inspect() {
    CLI::App* command = add_verb(app_, "inspect", "tensors, schemes, bits per weight, histograms",
                                 [this] { inspect_verb(common_, of_model(inspect_)); });
    add_checkpoint(*command, inspect_.checkpoint,
                   "folder of a model, FP32 or quantized, or of a run (its best checkpoint)")
        ->required();
    command
        ->add_option("--tensor", inspect_.tensor,
                     "draw the histogram of this tensor; of a quantized one also its levels, codes and scales")
        ->check(not_blank());
  }

  void add_verify() {
    CLI::App* command = add_verb(app_, "verify", "compare every quantized layer on all backends",
                                 [this] { verify_verb(common_, of_model(verify_)); });
    add_checkpoint(*command, verify_.checkpoint,
                   "folder of a quantized model, or with --recipe of an FP32 one or a run")
        ->required();
    command->add_option("--recipe", verify_.recipe, "YAML file of a recipe that quantizes an FP32 model first")
        ->check(not_blank());
    command->add_option("--prompt", verify_.prompt, "text that the model reads (default: random tokens)")
        ->check(not_blank());
    command->add_option("--rows", verify_.rows, "inputs that each layer is tried on")
        ->check(integer_from(1, kMostSequences))
        ->capture_default_str();
  }

  void add_microscope() {
    CLI::App* command = add_verb(
        app_, "microscope", "what every format takes and loses, beside the least that is possible",
        [this] { microscope_verb(common_, microscope_.checkpoint.empty() ? microscope_ : of_model(microscope_)); });
    add_checkpoint(*command, microscope_.checkpoint,
                   "folder of an FP32 model, or of a run (its best checkpoint), whose matrices are stored too");
    add_recipes(*command, microscope_.recipes,
                "YAML file of a recipe; may be given several times (default: all built-in ones)");
    command->add_option("--chart", microscope_.chart, "draw formats.svg into this folder")->check(not_blank());
  }

  void add_explain() {
    CLI::App* command =
        add_verb(app_, "explain", "why a layer loses what it loses, and what helps: predicted, measured",
                 [this] { explain_verb(common_, explain_); });
    add_checkpoint(*command, explain_.checkpoint, "run folder, or with --text the folder of an FP32 model")->required();
    command->add_option("layer", explain_.layer, "dotted name of a layer (default: all, in a table)")
        ->check(not_blank());
    command->add_option("--text", explain_.text, "file that the model reads (default: the corpus of the run)")
        ->check(not_blank());
    command->add_flag("--checks", explain_.checks,
                      "four questions about the whole model: symmetric or not, static or dynamic, outliers, embedding");
  }

  void add_tokens() {
    CLI::App* command = add_verb(app_, "tokens", "the tokens of a text: ids, pieces, places",
                                 [this] { tokens_verb(common_, of_model(tokens_)); });
    add_checkpoint(*command, tokens_.checkpoint, "folder of a model, or of a run, whose tokenizer cuts the text")
        ->required();
    command->add_option("text", tokens_.text, "a file, or the text itself where there is no such file")
        ->required()
        ->check(not_blank());
  }

  void add_configs() {
    CLI::App* configs = app_.add_subcommand("configs", "built-in configurations");
    configs->require_subcommand(1);
    add_verb(*configs, "ls", "list them", [this] { configs_list_verb(common_); });
    add_verb(*configs, "keys", "list what a configuration may hold: keys, defaults, accepted values",
             [this] { configs_keys_verb(common_); });
    CLI::App* show = add_verb(*configs, "show", "print one", [this] { configs_show_verb(common_, config_.config); });
    show->add_option("name", config_.config, "as listed by ls")->required()->check(not_blank());
    CLI::App* validate = add_verb(*configs, "validate", "check everything without running",
                                  [this] { configs_validate_verb(common_, config_); });
    add_config_arguments(*validate, config_);
  }

  CLI::App app_{"Octet: train a small language model, quantize it, see what that costs and gains", "octet"};
  CommonOptions common_;
  ConfigArguments config_;
  EvalArguments eval_;
  CompareArguments compare_;
  ImportArguments import_;
  ExportArguments export_;
  GenerateArguments generate_;
  BenchArguments bench_;
  InspectArguments inspect_;
  VerifyArguments verify_;
  QuantizeArguments quantize_;
  MicroscopeArguments microscope_;
  ExplainArguments explain_;
  TokensArguments tokens_;
  std::function<void()> verb_;
};

}  // namespace
}  // namespace octet

int main(int argc, char** argv) {
  // Writing to a closed pipe (`octet ... | head`) or beyond `ulimit -f` is an error of the write, which is reported and
  // leaves nothing half written, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    return octet::CommandLine().run(argc, argv);
  } catch (const octet::Error& error) {
    octet::print_error(error.what());
    return error.exit_code();
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "error: out of memory\n");
  } catch (const std::exception& error) {
    octet::print_error(error.what());
  }
  return static_cast<int>(octet::ErrorKind::run);
}
