#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// What several verbs take. What one alone takes stands in its file.

namespace octet {

/// What every verb takes.
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

}  // namespace octet
