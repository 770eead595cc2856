#include <cstddef>
#include <new>

#include "compat.h"
#include "guard.h"

namespace rl {
namespace {

constexpr size_t kErrorCapacity = 1024;
// A fixed buffer, so that reporting a failed allocation allocates nothing.
thread_local char last_error[kErrorCapacity] = "";

// One line: LibTorch's messages have several, the further ones often notes for Python users.
int32_t store(const char* message, int32_t status) noexcept {
  size_t length = 0;
  bool gap = false;
  for (const char* at = message; *at != '\0' && length + 2 < kErrorCapacity; ++at) {
    const bool blank = *at == '\n' || *at == '\r' || *at == '\t' || *at == ' ';
    if (blank) {
      gap = length > 0;
      continue;
    }
    if (gap) {
      last_error[length++] = ' ';
      gap = false;
    }
    last_error[length++] = *at;
  }
  last_error[length] = '\0';
  return status;
}

int32_t classify(const c10::Error& error) noexcept {
  if (compat::is_out_of_memory(error)) {
    return RL_OUT_OF_MEMORY;
  }
  const bool argument = dynamic_cast<const c10::IndexError*>(&error) != nullptr ||
                        dynamic_cast<const c10::ValueError*>(&error) != nullptr ||
                        dynamic_cast<const c10::TypeError*>(&error) != nullptr;
  return argument ? RL_INVALID_ARGUMENT : RL_ERROR;
}

}  // namespace

int32_t record_current_exception() noexcept {
  try {
    throw;
  } catch (const InvalidArgument& error) {
    return store(error.what(), RL_INVALID_ARGUMENT);
  } catch (const NotFinite& error) {
    return store(error.what(), RL_NOT_FINITE);
  } catch (const c10::Error& error) {
    return store(error.what_without_backtrace(), classify(error));
  } catch (const std::bad_alloc&) {
    return store("host memory is exhausted", RL_OUT_OF_MEMORY);
  } catch (const std::exception& error) {
    return store(error.what(), RL_ERROR);
  } catch (...) {
    return store("an exception of unknown type was thrown", RL_ERROR);
  }
}

}  // namespace rl

int32_t rl_abi_version() noexcept { return RL_ABI_VERSION; }

const char* rl_last_error() noexcept { return rl::last_error; }
