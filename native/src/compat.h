// The one place that knows how LibTorch versions and builds differ (1.13 to 2.x, with and without CUDA).
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <c10/util/Exception.h>
#include <torch/version.h>

#include <cstring>
#include <optional>

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

#if defined(RL_WITH_CUDA)
constexpr bool built_with_cuda = true;
#else
constexpr bool built_with_cuda = false;
#endif

#if defined(RL_WITH_CUDA_KERNELS)
constexpr bool has_cuda_kernels = true;
#else
constexpr bool has_cuda_kernels = false;
#endif

// The C++ ABI of std::string that this library and LibTorch must share.
#if defined(_GLIBCXX_USE_CXX11_ABI) && _GLIBCXX_USE_CXX11_ABI
constexpr bool cxx11_abi = true;
#else
constexpr bool cxx11_abi = false;
#endif

}  // namespace rl::compat
