#include "handle.h"

int32_t rl_tensor_narrow(const rl_tensor* tensor, int64_t dim, int64_t start, int64_t length,
                         rl_tensor** result) noexcept {
  return rl::guarded([&] { *result = rl::wrap(rl::value(tensor).narrow(dim, start, length)); });
}

int32_t rl_tensor_reshape(const rl_tensor* tensor, const int64_t* shape, int64_t dims, rl_tensor** result) noexcept {
  return rl::guarded([&] { *result = rl::wrap(rl::value(tensor).reshape(rl::to_shape(shape, dims))); });
}

int32_t rl_tensor_transpose(const rl_tensor* tensor, int64_t first, int64_t second, rl_tensor** result) noexcept {
  return rl::guarded([&] { *result = rl::wrap(rl::value(tensor).transpose(first, second)); });
}

int32_t rl_tensor_cat(const rl_tensor* const* tensors, int64_t count, int64_t dim, rl_tensor** result) noexcept {
  return rl::guarded([&] { *result = rl::wrap(at::cat(rl::values(tensors, count), dim)); });
}

int32_t rl_tensor_index_select(const rl_tensor* tensor, int64_t dim, const rl_tensor* index,
                               rl_tensor** result) noexcept {
  return rl::guarded([&] { *result = rl::wrap(rl::value(tensor).index_select(dim, rl::value(index))); });
}

int32_t rl_tensor_gather(const rl_tensor* tensor, int64_t dim, const rl_tensor* index, rl_tensor** result) noexcept {
  return rl::guarded([&] { *result = rl::wrap(rl::value(tensor).gather(dim, rl::value(index))); });
}
