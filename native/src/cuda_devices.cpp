#include "cuda_devices.h"

#include <dlfcn.h>
#include <torch/cuda.h>

#include "compat.h"

namespace rl {
namespace {

// The driver's C interface, asked for by name: its headers belong to the CUDA toolkit, which few machines have.
class Driver {
 public:
  Driver() {
    // Already in the process when LibTorch has found a device; stays open, drivers do not support unloading.
    void* library = dlopen("libcuda.so.1", RTLD_LAZY);
    if (library == nullptr) {
      return;
    }
    initialize_ = reinterpret_cast<int (*)(unsigned)>(dlsym(library, "cuInit"));
    device_ = reinterpret_cast<int (*)(int*, int)>(dlsym(library, "cuDeviceGet"));
    name_ = reinterpret_cast<int (*)(char*, int, int)>(dlsym(library, "cuDeviceGetName"));
    memory_ = reinterpret_cast<int (*)(size_t*, int)>(dlsym(library, "cuDeviceTotalMem_v2"));
  }

  CudaDevice describe(int ordinal) const {
    char name[256] = "";
    size_t bytes = 0;
    int device = 0;
    const bool complete = initialize_ != nullptr && device_ != nullptr && name_ != nullptr && memory_ != nullptr;
    if (!complete || initialize_(0) != 0 || device_(&device, ordinal) != 0 ||
        name_(name, static_cast<int>(sizeof(name)), device) != 0 || memory_(&bytes, device) != 0) {
      return {"CUDA device", 0};
    }
    return {name, static_cast<int64_t>(bytes)};
  }

 private:
  int (*initialize_)(unsigned) = nullptr;
  int (*device_)(int*, int) = nullptr;
  int (*name_)(char*, int, int) = nullptr;
  int (*memory_)(size_t*, int) = nullptr;
};

}  // namespace

int32_t cuda_device_count() { return compat::built_with_cuda ? static_cast<int32_t>(torch::cuda::device_count()) : 0; }

bool cuda_driver_found() {
  // Never closed: drivers do not support unloading.
  static const bool found = dlopen("libcuda.so.1", RTLD_LAZY) != nullptr;
  return found;
}

std::vector<CudaDevice> cuda_devices() {
  std::vector<CudaDevice> devices;
  const int32_t count = cuda_device_count();
  if (count == 0) {
    return devices;
  }
  const Driver driver;
  for (int32_t ordinal = 0; ordinal < count; ++ordinal) {
    devices.push_back(driver.describe(ordinal));
  }
  return devices;
}

}  // namespace rl
