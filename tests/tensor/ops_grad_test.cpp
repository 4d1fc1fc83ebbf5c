#include <gtest/gtest.h>

#include "tensor/autograd/gradient_check.h"
#include "tensor/backend.h"
#include "tests/tensor/gradient_cases.h"

namespace octet::ops_grad_test {
namespace {

using gradient::GradientCase;

class OpGradient : public testing::TestWithParam<GradientCase> {
 protected:
  ~OpGradient() override { set_active_backend(*original_); }
  const Backend* original_ = &active_backend();
};

TEST_P(OpGradient, AgreesWithCentralDifferencesOnEveryBackend) {
  for (const Backend* backend : available_backends()) {
    SCOPED_TRACE(backend->name);
    set_active_backend(*backend);
    EXPECT_EQ(gradient_check(GetParam().function, random_inputs(GetParam())), "");
  }
}

INSTANTIATE_TEST_SUITE_P(Ops, OpGradient, testing::ValuesIn(gradient::cases()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace octet::ops_grad_test
