// Which linear algebra library the process really runs, found by asking the loaded libraries.
#pragma once

#include <string>

namespace rl {

struct BlasInfo {
  std::string name;       // openblas, mkl or unknown
  std::string threading;  // openmp, pthread, none or unknown
  std::string core;       // the kernels OpenBLAS chose; empty when unknown
  std::string config;     // the library's own description; empty when unknown
  std::string path;       // the shared object; empty when unknown
  int threads;            // threads in force; 0 when unknown
};

BlasInfo blas_info();

}  // namespace rl
