#include "base/error.h"
#include "base/sha256.h"
#include "io/safetensors.h"
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const octet::MemoryFile file(data, size);
  try {
    const auto tensors = octet::SafetensorsFile::read(file.path());
    // Whatever was accepted must be whole: hashing reads every byte, so that the address sanitizer checks it.
    octet::Sha256 digest;
    for (const std::string& name : tensors.names()) {
      digest.update(tensors.at(name).raw_data(), tensors.at(name).bytes());
    }
  } catch (const octet::Error&) {
  }
  return 0;
}
