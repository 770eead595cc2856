#include <cmath>

#include "handle.h"

namespace {

at::TensorOptions options(int32_t dtype, int32_t device_type, int32_t device_index) {
  return at::TensorOptions().dtype(rl::to_scalar_type(dtype)).device(rl::to_device(device_type, device_index));
}

void require_bytes(const at::Tensor& tensor, const void* data, int64_t bytes) {
  const auto needed = static_cast<int64_t>(tensor.nbytes());
  if (bytes != needed) {
    throw rl::InvalidArgument("the buffer has " + std::to_string(bytes) + " bytes where the tensor needs " +
                              std::to_string(needed));
  }
  rl::require(data != nullptr || bytes == 0, "a data buffer is null");
}

// A view of host memory the caller keeps valid for as long as the view lives.
at::Tensor borrow(void* data, at::IntArrayRef shape, at::ScalarType dtype) {
  return at::from_blob(data, shape, at::TensorOptions().dtype(dtype));
}

}  // namespace

int32_t rl_tensor_create(const void* data, int64_t bytes, const int64_t* shape, int64_t dims, int32_t dtype,
                         int32_t device_type, int32_t device_index, rl_tensor** result) noexcept {
  return rl::guarded([&] {
    const at::TensorOptions wanted = options(dtype, device_type, device_index);
    at::Tensor host = at::empty(rl::to_shape(shape, dims), wanted.device(at::kCPU));
    require_bytes(host, data, bytes);
    if (bytes > 0) {
      std::memcpy(host.data_ptr(), data, static_cast<size_t>(bytes));
    }
    *result = rl::wrap(host.to(wanted.device()));
  });
}

int32_t rl_tensor_empty(const int64_t* shape, int64_t dims, int32_t dtype, int32_t device_type, int32_t device_index,
                        rl_tensor** result) noexcept {
  return rl::guarded(
      [&] { *result = rl::wrap(at::empty(rl::to_shape(shape, dims), options(dtype, device_type, device_index))); });
}

int32_t rl_tensor_full(const int64_t* shape, int64_t dims, double value, int32_t dtype, int32_t device_type,
                       int32_t device_index, rl_tensor** result) noexcept {
  return rl::guarded([&] {
    const at::IntArrayRef sizes = rl::to_shape(shape, dims);
    const at::TensorOptions wanted = options(dtype, device_type, device_index);
    // zeros takes pages the system has already cleared.
    *result = rl::wrap(value == 0.0 ? at::zeros(sizes, wanted) : at::full(sizes, value, wanted));
  });
}

int32_t rl_tensor_arange(double start, double stop, double step, int32_t dtype, int32_t device_type,
                         int32_t device_index, rl_tensor** result) noexcept {
  return rl::guarded(
      [&] { *result = rl::wrap(at::arange(start, stop, step, options(dtype, device_type, device_index))); });
}

int32_t rl_tensor_describe(const rl_tensor* tensor, rl_tensor_info* info) noexcept {
  return rl::guarded([&] {
    const at::Tensor& t = rl::value(tensor);
    rl::require(t.dim() <= RL_MAX_DIMS, "the tensor has more than 8 dimensions");
    info->dtype = static_cast<int32_t>(t.scalar_type());
    info->device_type = t.is_cuda() ? RL_CUDA : RL_CPU;
    info->device_index = t.is_cuda() ? static_cast<int32_t>(t.get_device()) : 0;
    info->dims = static_cast<int32_t>(t.dim());
    info->numel = t.numel();
    for (int64_t i = 0; i < t.dim(); ++i) {
      info->shape[i] = t.size(i);
    }
  });
}

int32_t rl_tensor_clone(const rl_tensor* tensor, rl_tensor** result) noexcept {
  return rl::guarded([&] { *result = rl::wrap(rl::value(tensor).clone(at::MemoryFormat::Contiguous)); });
}

int32_t rl_tensor_detach(const rl_tensor* tensor, rl_tensor** result) noexcept {
  return rl::guarded([&] { *result = rl::wrap(rl::value(tensor).detach()); });
}

int32_t rl_tensor_contiguous(const rl_tensor* tensor, rl_tensor** result) noexcept {
  return rl::guarded([&] { *result = rl::wrap(rl::value(tensor).contiguous()); });
}

int32_t rl_tensor_to(const rl_tensor* tensor, int32_t dtype, int32_t device_type, int32_t device_index,
                     rl_tensor** result) noexcept {
  return rl::guarded([&] {
    const at::Device device = rl::to_device(device_type, device_index);
    *result = rl::wrap(rl::value(tensor).to(device, rl::to_scalar_type(dtype)));
  });
}

int32_t rl_tensor_read(const rl_tensor* tensor, void* data, int64_t bytes) noexcept {
  return rl::guarded([&] {
    const at::Tensor source = rl::value(tensor).detach();
    require_bytes(source, data, bytes);
    if (bytes > 0) {
      borrow(data, source.sizes(), source.scalar_type()).copy_(source);
    }
  });
}

int32_t rl_tensor_write(rl_tensor* tensor, const void* data, int64_t bytes) noexcept {
  return rl::guarded([&] {
    at::Tensor destination = rl::value(tensor).detach();
    require_bytes(destination, data, bytes);
    if (bytes > 0) {
      // from_blob takes a mutable pointer only; the view is a source and is never written.
      destination.copy_(borrow(const_cast<void*>(data), destination.sizes(), destination.scalar_type()));
    }
  });
}

int32_t rl_tensor_copy(rl_tensor* destination, const rl_tensor* source) noexcept {
  return rl::guarded([&] { rl::value(destination).copy_(rl::value(source)); });
}

int32_t rl_tensor_fill(rl_tensor* tensor, double value) noexcept {
  return rl::guarded([&] { rl::value(tensor).fill_(value); });
}

int32_t rl_tensor_item(const rl_tensor* tensor, double* value) noexcept {
  return rl::guarded([&] { *value = rl::value(tensor).item().toDouble(); });
}

int32_t rl_tensor_all_finite(const rl_tensor* tensor, int32_t* finite) noexcept {
  return rl::guarded([&] { *finite = at::isfinite(rl::value(tensor).detach()).all().item<bool>() ? 1 : 0; });
}
