#include "blas.h"

#include <dlfcn.h>

#include "compat.h"

namespace rl {
namespace {

// The library is whatever LibTorch brought into the process; only the loader knows which, so symbols are asked for.
template <typename Function>
Function* symbol(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

std::string path_of(const void* address) {
  Dl_info info{};
  return dladdr(address, &info) != 0 && info.dli_fname != nullptr ? info.dli_fname : "";
}

// The .NET host opens libraries locally, which hides their symbols from RTLD_DEFAULT; opened again by soname without
// loading, they become visible.
void reveal(const char* soname) { dlopen(soname, RTLD_LAZY | RTLD_NOLOAD | RTLD_GLOBAL); }

std::string openblas_threading() {
  auto* parallel = symbol<int()>("openblas_get_parallel");
  switch (parallel == nullptr ? -1 : parallel()) {
    case 0:
      return "none";
    case 1:
      return "pthread";
    case 2:
      return "openmp";
    default:
      return "unknown";
  }
}

}  // namespace

BlasInfo blas_info() {
  for (const char* soname : {"libopenblas.so.0", "libblas.so.3", "libmkl_rt.so.2"}) {
    reveal(soname);
  }
  if (auto* config = symbol<char*()>("openblas_get_config")) {
    auto* core = symbol<char*()>("openblas_get_corename");
    auto* threads = symbol<int()>("openblas_get_num_threads");
    return {"openblas",
            openblas_threading(),
            core == nullptr ? "" : core(),
            config(),
            path_of(reinterpret_cast<const void*>(config)),
            threads == nullptr ? 0 : threads()};
  }
  if (at::hasMKL()) {
    auto* threads = symbol<int()>("MKL_Get_Max_Threads");
    return {"mkl", "openmp", "", "", "", threads == nullptr ? 0 : threads()};
  }
  return {"unknown", "unknown", "", "", "", 0};
}

}  // namespace rl
