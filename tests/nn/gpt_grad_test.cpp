#include <gtest/gtest.h>

#include "tensor/autograd/gradient_check.h"
#include "tensor/autograd/node.h"
#include "tests/support/tiny_gpt.h"

namespace octet::gpt_grad_test {
namespace {

/// The loss as a function of all parameters, so that the checker can vary them: its backward is that of the model.
Tensor loss_of_parameters(Gpt& model, const std::vector<Tensor>& values, const std::function<Tensor()>& loss_of_model) {
  const auto parameters = model.parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    parameters[i].parameter->set_value(values[i]);
  }
  const Tensor loss = loss_of_model();
  return record("model", values, loss.detach(), [loss, parameters](const Tensor& dy) {
    backward(loss, dy);
    std::vector<Tensor> gradients;
    for (const auto& named : parameters) {
      gradients.push_back(named.parameter->value().grad());
    }
    return gradients;
  });
}

/// Checks the gradient of the loss by every parameter of a whole model.
std::string check_whole_model(const GptConfig& config, const ForwardOptions& options = {}) {
  Gpt model(config);
  fill_randomly(model, 1);
  const Tensor ids = random_ids(2, 5, config.vocabulary, 1);
  const Tensor targets = random_ids(2, 5, config.vocabulary, 2);
  std::vector<Tensor> values;
  for (const auto& named : model.parameters()) {
    values.push_back(named.parameter->value());
  }
  GradientCheckOptions finer;
  finer.step = 4e-3F;  // the curvature through four norms makes a difference over 1e-2 wrong by 4e-3
  return gradient_check(
      [&](const std::vector<Tensor>& inputs) {
        return loss_of_parameters(model, inputs, [&] { return model.loss(ids, targets, options); });
      },
      values, finer);
}

TEST(GptGradient, Gpt2) {
  EXPECT_EQ(check_whole_model(tiny_gpt2()), "");
}

TEST(GptGradient, Llama) {
  EXPECT_EQ(check_whole_model(tiny_llama()), "");
}

TEST(GptGradient, NormedQueriesAndKeysAndGates) {
  EXPECT_EQ(check_whole_model(with_head_options(tiny_llama())), "");
  EXPECT_EQ(check_whole_model(with_head_options(tiny_gpt2())), "");
}

TEST(GptGradient, TiedHeadAddsToTheEmbedding) {
  GptConfig config = tiny_llama();
  config.tied_head = true;
  EXPECT_EQ(check_whole_model(config), "");
}

TEST(GptGradient, WithDropout) {
  GptConfig config = tiny_gpt2();
  config.dropout = 0.3;
  ForwardOptions options;
  options.training = true;
  EXPECT_EQ(check_whole_model(config, options), "");
}

}  // namespace
}  // namespace octet::gpt_grad_test
