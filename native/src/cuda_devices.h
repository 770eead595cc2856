// The GPUs LibTorch can use, with what the driver says about them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rl {

struct CudaDevice {
  std::string name;
  int64_t memory_bytes;
};

// Devices LibTorch counts; 0 without CUDA, without a driver or without a device.
int32_t cuda_device_count();

// Whether the driver's library can be opened, whatever LibTorch is built with.
bool cuda_driver_found();

std::vector<CudaDevice> cuda_devices();

}  // namespace rl
