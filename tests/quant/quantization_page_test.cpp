#include <cmath>

#include <gtest/gtest.h>

#include "base/files/read_file.h"
#include "quant/absmax.h"
#include "quant/error_stats.h"
#include "quant/minmax.h"

// The examples of docs/quantization.md are computed again by the code that they explain.

namespace octet::quantization_page_test {
namespace {

/// Whether the page has this text; it is too long to be printed as a whole.
testing::AssertionResult page_has(const std::string& text) {
  static const std::string page = read_text_file(OCTET_SOURCE_DIR "/docs/quantization.md");
  if (page.find(text) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "docs/quantization.md lacks: " << text;
}

const std::vector<float> kWeights = {0.12F, -0.31F, 0.04F, 0.44F, -0.07F, 0.22F, -0.18F, 0.70F};
const std::vector<float> kInputs = {0.90F, -1.30F, 0.40F, 2.10F, -0.60F, 0.20F, 1.10F, -0.80F};
const std::vector<float> kOutlier = {0.90F, -1.30F, 42.0F, 2.10F, -0.60F, 0.20F, 1.10F, -0.80F};

Tensor row(const std::vector<float>& values) {
  return Tensor::from(values, {1, static_cast<std::int64_t>(values.size())});
}

Codes int_codes(const std::vector<float>& values, int bits) {
  return absmax_quantize(row(values), bits, Granularity::per_tensor);
}

/// "codes x =    54    -79 ..." as the page has it.
std::string codes_line(const std::string& name, const Codes& codes) {
  std::string line = name;
  for (std::int64_t i = 0; i < codes.columns(); ++i) {
    line += fmt::format(fmt::runtime(i == 0 ? "{:>6}" : "{:>7}"), codes.codes.data<std::int8_t>()[i]);
  }
  return line;
}

std::string values_line(const std::string& name, const std::vector<float>& values, const char* first,
                        const char* later) {
  std::string line = name;
  for (std::size_t i = 0; i < values.size(); ++i) line += fmt::format(fmt::runtime(i == 0 ? first : later), values[i]);
  return line;
}

/// "sum of products 8581, times both scales 0.7821, exactly 0.7790"
std::string product_line(const Codes& x, const Codes& w, const std::vector<float>& inputs) {
  int sum = 0;
  double exact = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    sum += x.codes.data<std::int8_t>()[i] * w.codes.data<std::int8_t>()[i];
    exact += static_cast<double>(inputs[i]) * static_cast<double>(kWeights[i]);
  }
  const double scales = static_cast<double>(x.scale(0, 0)) * static_cast<double>(w.scale(0, 0));
  return fmt::format("sum of products {}, times both scales {:.4f}, exactly {:.4f}", sum, sum * scales, exact);
}

TEST(QuantizationPage, EightWeightsInFourBits) {
  const Codes codes = int_codes(kWeights, 4);
  const QuantizationError error = quantization_error(row(kWeights), dequantize(codes));
  const double step = static_cast<double>(codes.scale(0, 0));
  EXPECT_TRUE(page_has(values_line("w       =", kWeights, "{:>6.2f}", "{:>7.2f}") + "\n"));
  EXPECT_TRUE(page_has(fmt::format("s       =  {:.2g}\n", step)));
  EXPECT_TRUE(page_has(codes_line("codes   =", codes) + "\n"));
  EXPECT_TRUE(page_has(values_line("restored=", dequantize(codes).to_vector(), "{:>6.2f}", "{:>7.2f}") + "\n"));
  EXPECT_TRUE(page_has(fmt::format("mean squared error {:.6f}, s^2 / 12 = {:.6f}, SNR {:.1f} dB", error.mse,
                                   step * step / 12, error.snr_db)));
  const Codes int8 = int_codes(kWeights, 8);
  const QuantizationError finer = quantization_error(row(kWeights), dequantize(int8));
  EXPECT_TRUE(page_has(fmt::format("int8: s = {:.6f}, mean squared error {:.7f}, SNR {:.1f} dB", int8.scale(0, 0),
                                   finer.mse, finer.snr_db)));
  EXPECT_TRUE(page_has(fmt::format("here by {:.0f}", error.mse / finer.mse)));
}

TEST(QuantizationPage, ScalesAndMinimums) {
  const Codes halves = absmax_quantize(row(kWeights), 4, Granularity::per_group, 4);
  EXPECT_TRUE(page_has(fmt::format("one for each four       mean squared error {:.6f}",
                                   quantization_error(row(kWeights), dequantize(halves)).mse)));
  const Codes minimum = minmax_quantize(row(kWeights), 4, Granularity::per_tensor);
  EXPECT_TRUE(page_has(fmt::format("m = {:.2f}, s = {:.4f}\n", minimum.minimum(0, 0), minimum.scale(0, 0))));
  EXPECT_TRUE(page_has(codes_line("codes   =", minimum) + "\n"));
  EXPECT_TRUE(page_has(fmt::format("mean squared error {:.6f}\n\nThat is less than half",
                                   quantization_error(row(kWeights), dequantize(minimum)).mse)));
}

TEST(QuantizationPage, ProductsWithAndWithoutAnOutlier) {
  const Codes x = int_codes(kInputs, 8), w = int_codes(kWeights, 8), outlier = int_codes(kOutlier, 8);
  EXPECT_TRUE(page_has(values_line("x       =", kInputs, "{:>6.2f}", "{:>7.2f}") + "\n"));
  EXPECT_TRUE(page_has(fmt::format("x: {:.4g}, w: {:.4g}\n", x.scale(0, 0), w.scale(0, 0))));
  EXPECT_TRUE(page_has(codes_line("codes x =", x) + "\n"));
  EXPECT_TRUE(page_has(codes_line("codes w =", w) + "\n"));
  EXPECT_TRUE(page_has(product_line(x, w, kInputs)));
  EXPECT_TRUE(page_has(values_line("x       =", kOutlier, "{:>6.2f}", "{:>7.2f}") + "\n"));
  EXPECT_TRUE(page_has(codes_line("codes x =", outlier) + "\n"));
  EXPECT_TRUE(page_has(product_line(outlier, w, kOutlier)));
}

TEST(QuantizationPage, SmoothingMakesBothSidesEquallyLarge) {
  std::vector<float> factors, inputs, weights;
  for (std::size_t i = 0; i < kWeights.size(); ++i) {
    factors.push_back(std::sqrt(std::fabs(kOutlier[i])) / std::sqrt(std::fabs(kWeights[i])));
    inputs.push_back(kOutlier[i] / factors.back());
    weights.push_back(kWeights[i] * factors.back());
  }
  EXPECT_TRUE(page_has(values_line("s       =", factors, "{:>7.3f}", "{:>7.3f}") + "\n"));
  const Codes x = int_codes(inputs, 8), w = int_codes(weights, 8);
  EXPECT_TRUE(page_has(codes_line("codes x =", x) + "\n"));
  EXPECT_TRUE(page_has(codes_line("codes w =", w) + "\n"));
  EXPECT_TRUE(page_has(product_line(x, w, kOutlier)));
}

}  // namespace
}  // namespace octet::quantization_page_test
