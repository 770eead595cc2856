#pragma once

#include <ATen/ATen.h>

namespace rl {

/// Rejects anything but a contiguous float32 CPU tensor of `rank` dimensions, in one line that names the operation,
/// the argument and what was given instead.
inline void check_tensor(const at::Tensor& tensor, const char* operation, const char* name, int64_t rank) {
  TORCH_CHECK(tensor.defined(), operation, ": ", name, " is undefined; pass a float32 CPU tensor of rank ", rank);
  TORCH_CHECK(
      tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat && tensor.is_contiguous() && tensor.dim() == rank,
      operation, ": ", name, " must be a contiguous float32 CPU tensor of rank ", rank, ", got ",
      tensor.is_contiguous() ? "" : "non-contiguous ", tensor.scalar_type(), " ", tensor.device(), " ", tensor.sizes());
}

/// Rejects a dimension of another size than `expected`.
inline void check_size(const at::Tensor& tensor, const char* operation, const char* name, int64_t dimension,
                       int64_t expected) {
  TORCH_CHECK(tensor.size(dimension) == expected, operation, ": ", name, " has size ", tensor.size(dimension),
              " in dimension ", dimension, ", expected ", expected, " (its shape is ", tensor.sizes(), ")");
}

/// An owned copy of `count` integers, for what a backward pass needs beyond the call.
inline at::Tensor copy_integers(const int32_t* values, int64_t count) {
  at::Tensor copy = at::empty({count}, at::kInt);
  std::copy(values, values + count, copy.data_ptr<int32_t>());
  return copy;
}

inline at::Tensor copy_integers(const int64_t* values, int64_t count) {
  at::Tensor copy = at::empty({count}, at::kLong);
  std::copy(values, values + count, copy.data_ptr<int64_t>());
  return copy;
}

}  // namespace rl
