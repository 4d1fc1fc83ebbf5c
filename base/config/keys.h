#pragma once

#include <string>
#include <vector>

#include "base/config/field.h"

namespace octet {

/// A key that a configuration may have.
struct ConfigKey {
  std::string path;      ///< "train.steps"; keys of list elements: "quantize[].bits"
  std::string fallback;  ///< its value where it is not given, as YAML; "" where it must be given
  std::string accepted;  ///< "an integer of at least 1"
};

namespace config_detail {
std::vector<ConfigKey> keys(const StructRef& root);
}  // namespace config_detail

/// Every key of T below its maps and lists, in the order of visit(): what readers, messages and the manual agree on.
template <ConfigStruct T>
std::vector<ConfigKey> config_keys() {
  T config;
  return config_detail::keys(ref_to_struct(config));
}

}  // namespace octet
