// The one place that knows how LibTorch versions and builds differ (1.13 to 2.x, with and without CUDA).
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <c10/util/Exception.h>
#include <torch/version.h>

#include <cstring>
#include <optional>
#include <string>
#include <vector>

#if defined(RL_WITH_CUDA)
#include <ATen/cuda/CUDAContext.h>
#endif

#define RL_TORCH_AT_LEAST(major, minor) \
  (TORCH_VERSION_MAJOR > (major) || (TORCH_VERSION_MAJOR == (major) && TORCH_VERSION_MINOR >= (minor)))

namespace rl::compat {

// LibTorch took std::optional for its own in 2.5; before, the ATen signatures want c10's.
#if RL_TORCH_AT_LEAST(2, 5)
template <typename T>
using optional = std::optional<T>;
#else
template <typename T>
using optional = c10::optional<T>;
#endif

// The CUDA allocator throws OutOfMemoryError; the CPU allocator throws a plain Error known by its text only.
inline bool is_out_of_memory(const c10::Error& error) {
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr) {
    return true;
  }
  const char* text = error.what_without_backtrace();
  return std::strstr(text, "DefaultCPUAllocator") != nullptr || std::strstr(text, "out of memory") != nullptr;
}

struct CudaDevice {
  std::string name;
  int64_t total_memory_bytes;
};

#if defined(RL_WITH_CUDA)
constexpr bool built_with_cuda = true;
inline std::vector<CudaDevice> cuda_devices() {
  std::vector<CudaDevice> devices;
  if (!at::hasCUDA()) {
    return devices;
  }
  const int count = static_cast<int>(at::cuda::device_count());
  for (int index = 0; index < count; ++index) {
    const cudaDeviceProp* properties = at::cuda::getDeviceProperties(index);
    devices.push_back({properties->name, static_cast<int64_t>(properties->totalGlobalMem)});
  }
  return devices;
}
#else
constexpr bool built_with_cuda = false;
inline std::vector<CudaDevice> cuda_devices() { return {}; }
#endif

inline int32_t cuda_device_count() { return static_cast<int32_t>(cuda_devices().size()); }

// The C++ ABI of std::string that this library and LibTorch must share.
#if defined(_GLIBCXX_USE_CXX11_ABI) && _GLIBCXX_USE_CXX11_ABI
constexpr bool cxx11_abi = true;
#else
constexpr bool cxx11_abi = false;
#endif

}  // namespace rl::compat
