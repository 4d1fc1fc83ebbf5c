#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "base/random.h"
#include "eval/score/evaluator.h"

namespace octet {

/// A random text whose entropy is known: a Markov chain over V tokens with P(next = j | last = i) = p_ij, started from
/// its stationary distribution. What a perfect model scores on it is a number one can compute, so an evaluator can be
/// tested without trusting any model.
class MarkovText {
 public:
  MarkovText(std::int64_t vocabulary, std::uint64_t seed) : size_(static_cast<std::size_t>(vocabulary)) {
    const Random random(seed, hash_name("markov"));
    for (std::size_t i = 0; i < size_; ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < size_; ++j) {
        // Exponents of normal numbers: some transitions are common, some rare.
        p_.push_back(std::exp(1.5 * random.normal(i * size_ + j)));
        sum += p_.back();
      }
      for (std::size_t j = 0; j < size_; ++j) {
        p_[i * size_ + j] /= sum;
      }
    }
    find_stationary();
  }

  double p(std::size_t from, std::size_t to) const { return p_[from * size_ + to]; }
  double stationary(std::size_t token) const { return stationary_[token]; }
  std::size_t size() const { return size_; }

  /// Entropy rate in nats per token: -sum_i pi_i sum_j p_ij log p_ij.
  double entropy() const {
    double sum = 0;
    for (std::size_t i = 0; i < size_; ++i) {
      for (std::size_t j = 0; j < size_; ++j) {
        sum -= stationary_[i] * p(i, j) * std::log(p(i, j));
      }
    }
    return sum;
  }

  std::vector<Window> windows(std::int64_t count, std::int64_t length, std::uint64_t seed) const {
    const Random random(seed, hash_name("text"));
    std::vector<Window> windows;
    std::uint64_t draw = 0;
    for (std::int64_t w = 0; w < count; ++w) {
      Window window;
      window.tokens.push_back(sample(stationary_.data(), random.uniform(draw++)));
      while (static_cast<std::int64_t>(window.tokens.size()) < length) {
        const auto last = static_cast<std::size_t>(window.tokens.back());
        window.tokens.push_back(sample(&p_[last * size_], random.uniform(draw++)));
      }
      window.bytes_scored = length - 1;
      windows.push_back(std::move(window));
    }
    return windows;
  }

  /// A model whose logits are log p_ij + error_ij; without errors it knows the truth.
  LogitsFunction model(std::vector<float> error = {}) const {
    std::vector<float> table(size_ * size_);
    for (std::size_t i = 0; i < table.size(); ++i) {
      table[i] = static_cast<float>(std::log(p_[i])) + (error.empty() ? 0.0F : error[i]);
    }
    return [table, v = size_](const Tensor& ids) {
      Tensor logits = Tensor::empty({ids.dim(0), ids.dim(1), static_cast<std::int64_t>(v)});
      float* out = logits.data<float>();
      for (const std::int32_t id : ids.span<std::int32_t>()) {
        out = std::copy_n(&table[static_cast<std::size_t>(id) * v], v, out);
      }
      return logits;
    };
  }

 private:
  void find_stationary() {
    stationary_.assign(size_, 1.0 / static_cast<double>(size_));
    for (int iteration = 0; iteration < 200; ++iteration) {
      std::vector<double> next(size_);
      for (std::size_t i = 0; i < size_; ++i) {
        for (std::size_t j = 0; j < size_; ++j) {
          next[j] += stationary_[i] * p(i, j);
        }
      }
      stationary_ = next;
    }
  }

  std::int32_t sample(const double* probabilities, double u) const {
    std::size_t token = 0;
    while (token + 1 < size_ && u >= probabilities[token]) {
      u -= probabilities[token++];
    }
    return static_cast<std::int32_t>(token);
  }

  std::size_t size_;
  std::vector<double> p_;
  std::vector<double> stationary_;
};

}  // namespace octet
