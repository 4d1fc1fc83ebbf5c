#include "cli/export_target.h"

#include <vector>

#include <fmt/ranges.h>

#include "base/error.h"
#include "base/nearest.h"
#include "base/shown_text.h"

namespace octet {

ExportTarget target_of(const std::string& name) {
  if (const auto target = enum_from_name<ExportTarget>(name)) return *target;
  std::vector<std::string> known;
  for (const auto& entry : enum_names<ExportTarget>) known.emplace_back(entry.name);
  const auto near = nearest_name(name, known);
  fail(ErrorKind::config, "--to: expected one of {}, got \"{}\"{}", fmt::join(known, ", "), excerpt(name),
       near ? fmt::format("; did you mean \"{}\"?", *near) : "");
}

bool reads_text(ExportTarget target) {
  return target == ExportTarget::imatrix || target == ExportTarget::kld_base;
}
bool makes_file(ExportTarget target) {
  return target == ExportTarget::gguf || reads_text(target);
}

}  // namespace octet
