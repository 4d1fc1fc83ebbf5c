#pragma once

#include <cstdint>
#include <string>

namespace octet {

struct ModelSize;
struct ReportModel;

/// Where the bytes of a model file go.
struct ReportSize {
  std::int64_t codes = 0, scales = 0, embeddings = 0, unquantized = 0;

  template <class V>
  void visit(V& v) {
    v("codes", codes);
    v("scales", scales);
    v("embeddings", embeddings);
    v("unquantized", unquantized);
  }
};

void put_size(ReportModel& model, const ModelSize& size, const ModelSize& fp32);

/// A bar of the parts with its legend, for the section of coverage; empty where nothing has bytes.
std::string size_bar(const ReportSize& size);

}  // namespace octet
