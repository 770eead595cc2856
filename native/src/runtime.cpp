#include <ATen/Version.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>

#include "blas.h"
#include "cuda_devices.h"
#include "handle.h"

namespace {

std::string quoted(const std::string& text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      json += '\\';
    }
    const bool control = static_cast<unsigned char>(c) < 0x20;
    json += control ? ' ' : c;
  }
  return json + '"';
}

// ATen exports its CPU capability in one portable place only: a line of its configuration text.
std::string cpu_capability() {
  const std::string key = "CPU capability usage: ";
  const std::string config = at::show_config();
  const size_t start = config.find(key);
  if (start == std::string::npos) {
    return "unknown";
  }
  const size_t first = start + key.size();
  return config.substr(first, config.find('\n', first) - first);
}

std::string devices_json() {
  std::ostringstream json;
  json << '[';
  const char* separator = "";
  for (const rl::CudaDevice& device : rl::cuda_devices()) {
    json << separator << "{\"name\":" << quoted(device.name) << ",\"memory_bytes\":" << device.memory_bytes << '}';
    separator = ",";
  }
  json << ']';
  return json.str();
}

std::string info_json() {
  const rl::BlasInfo blas = rl::blas_info();
  std::ostringstream json;
  json << std::boolalpha << "{\"libtorch_version\":" << quoted(TORCH_VERSION)
       << ",\"cpu_capability\":" << quoted(cpu_capability()) << ",\"aten_threads\":" << at::get_num_threads()
       << ",\"aten_inter_op_threads\":" << at::get_num_interop_threads() << ",\"blas\":{\"name\":" << quoted(blas.name)
       << ",\"threading\":" << quoted(blas.threading) << ",\"core\":" << quoted(blas.core)
       << ",\"config\":" << quoted(blas.config) << ",\"path\":" << quoted(blas.path) << ",\"threads\":" << blas.threads
       << "},\"mkldnn\":" << at::hasMKLDNN() << ",\"openmp\":" << at::hasOpenMP()
       << ",\"cuda_built\":" << rl::compat::built_with_cuda << ",\"cuda_devices\":" << devices_json()
       << ",\"cuda_compiler\":" << quoted(RL_CUDA_COMPILER) << ",\"cuda_driver\":" << rl::cuda_driver_found()
       << ",\"cuda_kernels\":" << rl::compat::has_cuda_kernels << ",\"compile_flags\":" << quoted(RL_COMPILE_FLAGS)
       << ",\"cxx11_abi\":" << rl::compat::cxx11_abi << '}';
  return json.str();
}

// A field of /proc/self/status, which the kernel gives in kB. Unlike getrusage's, its peak starts anew at exec.
int64_t status_bytes(const std::string& field) {
  std::ifstream status("/proc/self/status");
  std::string name;
  while (status >> name) {
    int64_t kilobytes = 0;
    if (name == field && status >> kilobytes) {
      return kilobytes * 1024;
    }
    status.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return 0;
}

}  // namespace

int32_t rl_runtime_info(char* text, int64_t capacity, int64_t* length) noexcept {
  return rl::guarded([&] {
    rl::require(capacity >= 0 && (text != nullptr || capacity == 0), "the text buffer is null or of negative length");
    const std::string json = info_json();
    *length = static_cast<int64_t>(json.size());
    if (capacity > 0) {
      std::memcpy(text, json.data(), static_cast<size_t>(std::min(*length, capacity)));
    }
  });
}

int32_t rl_memory_get(rl_memory* memory) noexcept {
  return rl::guarded([&] {
    memory->live_tensors = rl::handle_counts().live.load(std::memory_order_relaxed);
    memory->finalized_tensors = rl::handle_counts().finalized.load(std::memory_order_relaxed);
    memory->resident_bytes = status_bytes("VmRSS:");
    memory->peak_resident_bytes = status_bytes("VmHWM:");
  });
}

int32_t rl_threads_get(int32_t* threads) noexcept {
  return rl::guarded([&] { *threads = at::get_num_threads(); });
}

int32_t rl_threads_set(int32_t threads) noexcept {
  return rl::guarded([&] {
    rl::require(threads >= 1, "the number of threads is at least 1");
    at::set_num_threads(threads);
  });
}

int32_t rl_cuda_device_count(int32_t* count) noexcept {
  return rl::guarded([&] { *count = rl::cuda_device_count(); });
}
