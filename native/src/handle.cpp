#include "handle.h"

#include "cuda_devices.h"

rl_tensor::rl_tensor(at::Tensor tensor) : value(std::move(tensor)) {
  rl::handle_counts().live.fetch_add(1, std::memory_order_relaxed);
}

rl_tensor::~rl_tensor() { rl::handle_counts().live.fetch_sub(1, std::memory_order_relaxed); }

namespace rl {

HandleCounts& handle_counts() noexcept {
  static HandleCounts counts;
  return counts;
}

std::vector<at::Tensor> values(const rl_tensor* const* tensors, int64_t count) {
  require(count >= 0 && (tensors != nullptr || count == 0), "a tensor list is null or of negative length");
  std::vector<at::Tensor> list;
  list.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    list.push_back(value(tensors[i]));
  }
  return list;
}

at::ScalarType to_scalar_type(int32_t dtype) {
  switch (dtype) {
    case RL_UINT8:
    case RL_INT8:
    case RL_INT16:
    case RL_INT32:
    case RL_INT64:
    case RL_FLOAT16:
    case RL_FLOAT32:
    case RL_FLOAT64:
    case RL_BOOL:
    case RL_BFLOAT16:
      return static_cast<at::ScalarType>(dtype);
    default:
      throw InvalidArgument("unknown dtype " + std::to_string(dtype));
  }
}

at::Device to_device(int32_t type, int32_t index) {
  if (type == RL_CPU) {
    require(index == 0, "the CPU has device index 0 only");
    return at::Device(at::kCPU);
  }
  require(type == RL_CUDA, "the device type is neither CPU nor CUDA");
  const int32_t count = cuda_device_count();
  if (index < 0 || index >= count) {
    throw InvalidArgument("CUDA device " + std::to_string(index) + " is not there; devices: " + std::to_string(count));
  }
  return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(index));
}

at::IntArrayRef to_shape(const int64_t* shape, int64_t dims) {
  require(dims >= 0 && dims <= RL_MAX_DIMS, "a shape has 0 to 8 dimensions");
  require(shape != nullptr || dims == 0, "a shape is null");
  return at::IntArrayRef(shape, static_cast<size_t>(dims));
}

}  // namespace rl

int32_t rl_tensor_free(rl_tensor* tensor, int32_t finalized) noexcept {
  return rl::guarded([&] {
    if (tensor != nullptr && finalized != 0) {
      rl::handle_counts().finalized.fetch_add(1, std::memory_order_relaxed);
    }
    delete tensor;
  });
}
