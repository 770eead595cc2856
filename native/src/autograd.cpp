#include <torch/csrc/autograd/autograd.h>

#include "handle.h"

int32_t rl_tensor_requires_grad_get(const rl_tensor* tensor, int32_t* required) noexcept {
  return rl::guarded([&] { *required = rl::value(tensor).requires_grad() ? 1 : 0; });
}

int32_t rl_tensor_requires_grad_set(rl_tensor* tensor, int32_t required) noexcept {
  return rl::guarded([&] { rl::value(tensor).requires_grad_(required != 0); });
}

int32_t rl_tensor_backward(const rl_tensor* tensor, const rl_tensor* gradient) noexcept {
  return rl::guarded([&] { rl::value(tensor).backward(gradient == nullptr ? at::Tensor() : rl::value(gradient)); });
}

int32_t rl_tensor_backward_all(const rl_tensor* const* tensors, const rl_tensor* const* gradients,
                               int64_t count) noexcept {
  return rl::guarded([&] { torch::autograd::backward(rl::values(tensors, count), rl::values(gradients, count)); });
}

int32_t rl_tensor_grad(const rl_tensor* tensor, rl_tensor** result) noexcept {
  return rl::guarded([&] {
    const at::Tensor& gradient = rl::value(tensor).grad();
    *result = gradient.defined() ? rl::wrap(gradient) : nullptr;
  });
}

int32_t rl_tensor_zero_grad(rl_tensor* const* tensors, int64_t count) noexcept {
  return rl::guarded([&] {
    for (at::Tensor& tensor : rl::values(tensors, count)) {
      tensor.mutable_grad().reset();
    }
  });
}

int32_t rl_grad_mode_get(int32_t* enabled) noexcept {
  return rl::guarded([&] { *enabled = c10::GradMode::is_enabled() ? 1 : 0; });
}

int32_t rl_grad_mode_set(int32_t enabled) noexcept {
  return rl::guarded([&] { c10::GradMode::set_enabled(enabled != 0); });
}
