#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

// The whole model in plain loops over the two files that Octet writes, in double, without any of Octet's code: the
// first lesson, and what the real one (nn/gpt.h) is compared with. Shapes: T positions, C width, H heads of D = C / H
// columns (Hkv of them for keys and values), F columns inside the MLP, V tokens. A matrix is a list of rows.

namespace plain {

using Row = std::vector<double>;
using Rows = std::vector<Row>;

struct Gpt {
  nlohmann::json config;              // the "model" section of config.json
  std::map<std::string, Row> values;  // "blocks.0.mlp.up.weight" and so on, each flat

  explicit Gpt(const std::filesystem::path& folder) {
    config = nlohmann::json::parse(std::ifstream(folder / "config.json")).at("model");
    // A safetensors file: the length of the header in 8 bytes, the header in JSON, the numbers.
    std::ifstream file(folder / "model.safetensors", std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof length);
    const auto header = nlohmann::json::parse(bytes.substr(8, length));
    for (const auto& [name, tensor] : header.items()) {
      if (name == "__metadata__") continue;
      const std::uint64_t begin = tensor.at("data_offsets").at(0), end = tensor.at("data_offsets").at(1);
      std::vector<float> floats((end - begin) / sizeof(float));
      std::memcpy(floats.data(), bytes.data() + 8 + length + begin, end - begin);
      values[name].assign(floats.begin(), floats.end());
    }
  }

  int number(const char* key) const { return config.at(key); }
  bool is_llama() const { return config.at("architecture") == "llama"; }

  /// Logits (T, V) of the token that follows each of `ids`.
  Rows logits(const std::vector<int>& ids) const {
    Rows x;  // (T, C)
    for (std::size_t t = 0; t < ids.size(); ++t) {
      Row vector = row_of("embedding.weight", static_cast<std::size_t>(ids[t]));
      if (!is_llama()) add(vector, row_of("positions.weight", t));
      x.push_back(vector);
    }
    for (int n = 0; n < number("layers"); ++n) {
      const std::string block = "blocks." + std::to_string(n) + ".";
      const Rows attended = attention(block + "attention.", norms(block + "attention_norm", x));
      for (std::size_t t = 0; t < x.size(); ++t) add(x[t], attended[t]);
      for (Row& vector : x) add(vector, mlp(block + "mlp.", norm(block + "mlp_norm", vector)));
    }
    const bool tied = config.at("tied_head");
    Rows result;
    for (const Row& vector : x) {
      result.push_back(linear(tied ? "embedding" : "head", norm("norm", vector)));
    }
    return result;
  }

 private:
  Row row_of(const std::string& name, std::size_t index) const {
    const Row& table = values.at(name);
    const auto width = static_cast<std::size_t>(number("width"));
    return {table.begin() + static_cast<std::ptrdiff_t>(index * width),
            table.begin() + static_cast<std::ptrdiff_t>((index + 1) * width)};
  }

  static void add(Row& to, const Row& what) {
    for (std::size_t c = 0; c < to.size(); ++c) to[c] += what[c];
  }

  /// y = W x + bias: W (N, K), x (K) -> y (N).
  Row linear(const std::string& name, const Row& x) const {
    const Row& weight = values.at(name + ".weight");
    const auto bias = values.find(name + ".bias");
    Row y = bias == values.end() ? Row(weight.size() / x.size(), 0.0) : bias->second;
    for (std::size_t n = 0; n < y.size(); ++n) {
      for (std::size_t k = 0; k < x.size(); ++k) y[n] += weight[n * x.size() + k] * x[k];
    }
    return y;
  }

  /// LayerNorm (gpt2) or RMSNorm (llama) of one vector.
  Row norm(const std::string& name, const Row& x) const {
    const auto size = static_cast<double>(x.size());
    double mean = 0, squares = 0;
    for (const double value : x) mean += is_llama() ? 0.0 : value / size;
    for (const double value : x) squares += (value - mean) * (value - mean) / size;
    Row y = values.at(name + ".gain");
    for (std::size_t c = 0; c < x.size(); ++c) {
      y[c] *= (x[c] - mean) / std::sqrt(squares + config.at("norm_epsilon").get<double>());
    }
    if (!is_llama()) add(y, values.at(name + ".bias"));
    return y;
  }

  Rows norms(const std::string& name, const Rows& x) const {
    Rows y;
    for (const Row& vector : x) y.push_back(norm(name, vector));
    return y;
  }

  /// Each position looks at itself and at those before it: softmax(q k / sqrt(D)) v for each head, perhaps clipped.
  Rows attention(const std::string& name, const Rows& x) const {
    const int heads = number("heads"), kv_heads = number("kv_heads") == 0 ? heads : number("kv_heads");
    const int size = number("width") / heads;  // D
    const double gamma = -config.at("attention_clip").get<double>() / number("context");
    Rows qkv, result;  // (T, (H + 2 Hkv) D): queries, then keys, then values
    for (const Row& vector : x) {
      qkv.push_back(linear(name + "qkv", vector));
      for (int head = 0; config.at("qk_norm") && head < heads + kv_heads; ++head) {
        normalise(of_head(qkv.back(), head, size), size,
                  values.at(name + (head < heads ? "query_norm.gain" : "key_norm.gain")));
      }
      for (int head = 0; is_llama() && head < heads + kv_heads; ++head) {
        rotate(of_head(qkv.back(), head, size), size, static_cast<double>(qkv.size() - 1));
      }
    }
    for (std::size_t t = 0; t < x.size(); ++t) {
      Row y(static_cast<std::size_t>(number("width")), 0.0);
      for (int head = 0; head < heads; ++head) {
        const int kv_head = head / (heads / kv_heads);  // some heads share keys and values
        const double* q = of_head(qkv[t], head, size);
        Row weights;
        double sum = 0;
        for (std::size_t s = 0; s <= t; ++s) {
          const double* k = of_head(qkv[s], heads + kv_head, size);
          double score = 0;
          for (int d = 0; d < size; ++d) score += q[d] * k[d] / std::sqrt(size);
          weights.push_back(std::exp(score));
          sum += weights.back();
        }
        for (double& weight : weights) weight = std::max(0.0, (1 - gamma) * weight / sum + gamma);
        for (std::size_t s = 0; s <= t; ++s) {
          const double* v = of_head(qkv[s], heads + kv_heads + kv_head, size);
          for (int d = 0; d < size; ++d) of_head(y, head, size)[d] += weights[s] * v[d];
        }
      }
      const Row gates = config.at("attention_gate") ? linear(name + "gate", x[t]) : Row();  // (H)
      for (std::size_t c = 0; c < y.size() && !gates.empty(); ++c) {
        y[c] /= 1 + std::exp(-gates[c / static_cast<std::size_t>(size)]);
      }
      result.push_back(linear(name + "output", y));
    }
    return result;
  }

  /// RMSNorm of one query or key.
  /// The D numbers of a head in a row of all of them.
  static double* of_head(Row& row, int head, int size) { return row.data() + static_cast<std::ptrdiff_t>(head) * size; }

  void normalise(double* head, int size, const Row& gain) const {
    double squares = 0;
    for (int d = 0; d < size; ++d) squares += head[d] * head[d] / size;
    for (int d = 0; d < size; ++d) {
      head[d] *= gain[static_cast<std::size_t>(d)] / std::sqrt(squares + config.at("norm_epsilon").get<double>());
    }
  }

  /// RoPE: columns i and i + D / 2 of a head are turned by an angle that grows with the position.
  void rotate(double* head, int size, double position) const {
    for (int i = 0; i < size / 2; ++i) {
      const double angle = position * std::pow(config.at("rope_theta").get<double>(), -2.0 * i / size);
      const double a = head[i], b = head[i + size / 2];
      head[i] = a * std::cos(angle) - b * std::sin(angle);
      head[i + size / 2] = b * std::cos(angle) + a * std::sin(angle);
    }
  }

  /// gpt2: down(gelu(up(x))); llama: down(silu(gate(x)) * up(x)).
  Row mlp(const std::string& name, const Row& x) const {
    Row y = linear(name + "up", x);  // (F)
    const Row gate = is_llama() ? linear(name + "gate", x) : Row();
    for (std::size_t f = 0; f < y.size(); ++f) {
      const double u = y[f];
      y[f] = is_llama() ? u * gate[f] / (1 + std::exp(-gate[f]))
                        : 0.5 * u * (1 + std::tanh(std::sqrt(2 / M_PI) * (u + 0.044715 * u * u * u)));
    }
    return linear(name + "down", y);
  }
};

}  // namespace plain
