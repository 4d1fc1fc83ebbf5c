#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// One function for each verb of the command line. Results go to stdout, progress to stderr; errors are thrown and
// become an exit code in main().

namespace octet {

struct CommonOptions {
  std::string device;  ///< cpu or cuda; empty: what the configuration says, else cpu
  std::string math;    ///< fp32, tf32 or bf16; empty: what the configuration says, else fp32
  std::optional<int> threads;
  std::optional<std::uint64_t> seed;
  std::string out;     ///< run folder; empty: runs/NAME
  bool json = false;   ///< results as JSON, nothing else on stdout
  bool quiet = false;  ///< no progress
};

/// A configuration file or the name of a built-in one, or a run folder, with overrides `key.path=value`.
struct ConfigArguments {
  std::string config;
  std::vector<std::string> overrides;
};

void run_verb(const CommonOptions& common, const ConfigArguments& arguments);
void train_verb(const CommonOptions& common, const ConfigArguments& arguments);

struct QuantizeArguments : ConfigArguments {
  std::vector<std::string> recipes;  ///< YAML files of recipes beside those of the configuration
  bool dry_run = false;              ///< print what would be stored, and write nothing
};
void quantize_verb(const CommonOptions& common, const QuantizeArguments& arguments);

/// Evaluates a run, or, with a text, one model and others beside it.
struct EvalArguments : ConfigArguments {
  std::string text;                  ///< file; then `config` is the folder of a model
  std::vector<std::string> against;  ///< folders of models that are compared with it
  std::string protocol;              ///< octet or llama.cpp; empty: octet
  std::int64_t context = 0;          ///< tokens of a window; 0: the model's context, at most 512
  std::int64_t stride = 0;           ///< 0: the context
  std::int64_t windows = 0;          ///< at most, evenly spread; 0: all

  bool any_text_option() const {
    return !against.empty() || !protocol.empty() || context != 0 || stride != 0 || windows != 0;
  }
};
void eval_verb(const CommonOptions& common, const EvalArguments& arguments);
/// Perplexity and bits per byte on any text. `arguments.config` and `against` are folders of models.
void eval_text_verb(const CommonOptions& common, const EvalArguments& arguments);

void report_verb(const CommonOptions& common, const ConfigArguments& arguments);

struct CompareArguments {
  std::vector<std::string> runs;  ///< folders of runs, or their report.json
};
/// Prints the models of all runs in one table, and which numbers may be compared; with --out a page too. Errors: input
/// for a run without a report, config for the same run given twice.
void compare_verb(const CommonOptions& common, const CompareArguments& arguments);

struct ImportArguments {
  std::string source;                       ///< folder of Hugging Face or GGUF file
  bool fp32 = false;                        ///< integer blocks of GGUF become FP32 too
  std::string activations = "weight_only";  ///< of layers that stay integer: or dynamic
};
/// Writes a model of another program as a model folder of Octet (--out).
void import_verb(const CommonOptions& common, const ImportArguments& arguments);

struct ExportArguments {
  std::string checkpoint;
  std::string to;    ///< a name of ExportTarget (cli/export.cpp)
  std::string type;  ///< of the matrices of a GGUF file; empty: as the checkpoint has them

  // Of targets that run the model on a text.
  std::string text;          ///< file
  std::int64_t context = 0;  ///< tokens of a window; 0: the model's context, at most 512
  std::int64_t windows = 0;  ///< at most, evenly spread; 0: all
};
/// Writes a model of Octet as files of another program (--out).
void export_verb(const CommonOptions& common, const ExportArguments& arguments);

struct GenerateArguments {
  std::string checkpoint;
  std::string prompt;
  std::int64_t tokens = 200;
  double temperature = 0.8;
  std::int64_t top_k = 40;
  double top_p = 0.95;
  std::string kv = "f32";  ///< keys and values in the cache: f32 or int8
};
void generate_verb(const CommonOptions& common, const GenerateArguments& arguments);

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
void bench_verb(const CommonOptions& common, const BenchArguments& arguments);

struct InspectArguments {
  std::string checkpoint;
  std::string tensor;  ///< show a histogram of this one
};
void inspect_verb(const CommonOptions& common, const InspectArguments& arguments);

struct VerifyArguments {
  std::string checkpoint;
  std::string recipe;      ///< YAML file of a recipe that quantizes an FP32 checkpoint first
  std::string prompt;      ///< text that the model reads; empty: random tokens
  std::int64_t rows = 32;  ///< inputs that each layer is tried on
};
/// Prints what every backend makes of every quantized layer. Error (run) naming the first that differs.
void verify_verb(const CommonOptions& common, const VerifyArguments& arguments);

struct MicroscopeArguments {
  std::string checkpoint;            ///< an FP32 model whose matrices are stored too; empty: none
  std::vector<std::string> recipes;  ///< YAML files; empty: all built-in ones
  std::string chart;                 ///< folder to draw a chart into; empty: none
};
/// Prints how many bits the weights of each recipe take and what they lose, on normally distributed numbers.
void microscope_verb(const CommonOptions& common, const MicroscopeArguments& arguments);

struct ExplainArguments {
  std::string checkpoint;  ///< of an FP32 model, or a run folder
  std::string layer;       ///< dotted name; empty: all
  std::string text;        ///< file that the model reads; empty: the corpus of the run
  bool checks = false;     ///< the questions about the whole model instead
};
/// Says where the error of int8 and int4 comes from in each layer and what helps, predicted and measured.
void explain_verb(const CommonOptions& common, const ExplainArguments& arguments);

struct TokensArguments {
  std::string checkpoint;  ///< folder of the model whose tokenizer cuts the text
  std::string text;        ///< a file, or the text itself
};
/// Prints the tokens of a text: ids, pieces and places, how many there are and how many bytes each stands for.
void tokens_verb(const CommonOptions& common, const TokensArguments& arguments);

void configs_list_verb(const CommonOptions& common);
void configs_keys_verb(const CommonOptions& common);
void configs_show_verb(const CommonOptions& common, const std::string& name);
/// Reads a configuration and checks all that can be checked without running: keys, the corpus and its size, the
/// recipes' patterns against the layers of the model, the output folder.
void configs_validate_verb(const CommonOptions& common, const ConfigArguments& arguments);

}  // namespace octet
