// The wall no exception passes: each export's body runs inside rl::guarded.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "rolloutlab.h"

namespace rl {

// An argument outside its documented range; becomes RL_INVALID_ARGUMENT.
class InvalidArgument : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A value that must be finite is not; becomes RL_NOT_FINITE.
class NotFinite : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline void require(bool condition, const char* message) {
  if (!condition) {
    throw InvalidArgument(message);
  }
}

// Stores the message of the exception in flight as this thread's last error and returns its status.
// Must be called from a catch block. Allocates nothing.
int32_t record_current_exception() noexcept;

template <typename Body>
int32_t guarded(Body&& body) noexcept {
  try {
    body();
    return RL_OK;
  } catch (...) {
    return record_current_exception();
  }
}

}  // namespace rl
