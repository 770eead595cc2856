// How this process gets its memory from the system; that of large tensors is in tensor_memory.cpp.
//
// By default glibc maps every large block anew and gives it back when freed, so each activation of a training step
// costs page faults: up to four fifths of the time of the kernels that fill them. Memory once taken is kept and used
// again.
#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>

namespace {

constexpr int kKeepBytes = 1 << 30;
constexpr int kGrowBytes = 64 << 20;

__attribute__((constructor)) void keep_memory() {
  // A user's own settings win.
  if (std::getenv("GLIBC_TUNABLES") != nullptr) return;
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, kKeepBytes);
  mallopt(M_TOP_PAD, kGrowBytes);
  mallopt(M_ARENA_MAX, 1);
}

}  // namespace
#endif
