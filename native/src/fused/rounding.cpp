#include "rounding.h"

#include <torch/csrc/autograd/custom_function.h>

#include "checks.h"

namespace rl {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct RoundBfloat16 : torch::autograd::Function<RoundBfloat16> {
  static at::Tensor forward(AutogradContext*, const at::Tensor& x) { return rounded_values(x); }

  static variable_list backward(AutogradContext*, variable_list gradients) { return gradients; }
};

struct RoundedLinear : torch::autograd::Function<RoundedLinear> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const compat::optional<at::Tensor>& bias) {
    context->save_for_backward({x, weight});
    context->saved_data["trained"] = weight.requires_grad();
    context->saved_data["biased"] = bias.has_value() && bias->requires_grad();
    const at::Tensor values = rounded_values(weight);
    return bias.has_value() ? at::linear(x, values, rounded_values(*bias)) : at::linear(x, values);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &dy = gradients[0], &x = saved[0], &weight = saved[1];
    at::Tensor d_weight, d_bias;
    if (context->saved_data["trained"].toBool()) d_weight = at::mm(dy.t(), x);
    if (context->saved_data["biased"].toBool()) d_bias = dy.sum(0);
    return {at::mm(dy, rounded_values(weight)), d_weight, d_bias};
  }
};

}  // namespace

void check_weight(const at::Tensor& weight, const char* operation, int64_t rank) {
  TORCH_CHECK(weight.defined() && weight.device().is_cpu() && weight.is_contiguous() && weight.dim() == rank &&
                  (weight.scalar_type() == at::kFloat || weight.scalar_type() == at::kBFloat16),
              operation, ": a weight must be a contiguous float32 or bfloat16 CPU tensor of rank ", rank);
}

at::Tensor rounded_values(const at::Tensor& weight) {
  const at::Tensor values = weight.detach();
  return values.scalar_type() == at::kBFloat16 ? values.to(at::kFloat) : values.to(at::kBFloat16).to(at::kFloat);
}

at::Tensor round_bfloat16(const at::Tensor& x) {
  check_weight(x, "round_bfloat16", x.dim());
  return RoundBfloat16::apply(x);
}

at::Tensor rounded_linear(const at::Tensor& x, const at::Tensor& weight, const compat::optional<at::Tensor>& bias) {
  constexpr const char* kName = "rounded_linear";
  check_tensor(x, kName, "x", 2);
  check_weight(weight, kName, 2);
  check_size(weight, kName, "weight", 1, x.size(1));
  if (bias) check_weight(*bias, kName, 1);
  return RoundedLinear::apply(x, weight, bias);
}

}  // namespace rl
