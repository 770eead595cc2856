// What a tensor handle is, and how exports read and make them.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "compat.h"
#include "guard.h"

struct rl_tensor {
  explicit rl_tensor(at::Tensor tensor);
  ~rl_tensor();
  rl_tensor(const rl_tensor&) = delete;
  rl_tensor& operator=(const rl_tensor&) = delete;

  at::Tensor value;
};

namespace rl {

struct HandleCounts {
  std::atomic<int64_t> live{0};
  std::atomic<int64_t> finalized{0};
};

HandleCounts& handle_counts() noexcept;

inline const at::Tensor& value(const rl_tensor* tensor) {
  require(tensor != nullptr, "a tensor handle is null");
  return tensor->value;
}

inline at::Tensor& value(rl_tensor* tensor) {
  require(tensor != nullptr, "a tensor handle is null");
  return tensor->value;
}

inline compat::optional<at::Tensor> optional_value(const rl_tensor* tensor) {
  return tensor == nullptr ? compat::optional<at::Tensor>() : compat::optional<at::Tensor>(tensor->value);
}

inline rl_tensor* wrap(at::Tensor tensor) { return new rl_tensor(std::move(tensor)); }

std::vector<at::Tensor> values(const rl_tensor* const* tensors, int64_t count);

at::ScalarType to_scalar_type(int32_t dtype);
at::Device to_device(int32_t type, int32_t index);
at::IntArrayRef to_shape(const int64_t* shape, int64_t dims);

}  // namespace rl
