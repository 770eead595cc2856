#include "attention_task.h"

namespace rl::attention {

using simd::kLanes;
using simd::Vec;
using small_gemm::kColumns;
using small_gemm::kRows;

void pack_transposed(const float* from, int64_t stride, const Path& path, int64_t first, const Shape& shape,
                     float* to) {
  for (int64_t j = first / kLanes * kLanes; j < path.size; j += kLanes) {
    const int64_t tokens = std::min(kLanes, path.size - j);
    float* panel = to + j / kColumns * kColumns * shape.head_size + j % kColumns;
    for (int64_t d = 0; d < shape.head_size; d += kLanes) {
      const int64_t dims = std::min(kLanes, shape.head_size - d);
      Vec square[kLanes];
      for (int64_t t = 0; t < kLanes; ++t) {
        if (t >= tokens) {
          square[t] = Vec{};
          continue;
        }
        const float* row = from + path.tokens[j + t] * stride + d;
        square[t] = dims == kLanes ? simd::load(row) : simd::load(row, dims);
      }
      simd::transpose(square);
      for (int64_t t = 0; t < dims; ++t) simd::store(panel + (d + t) * kColumns, square[t]);
    }
  }
}

void pack_rows(const float* from, int64_t stride, int64_t length, const Shape& shape, float* to) {
  for (int64_t j = 0; j < length; ++j) {
    simd::for_lanes(shape.head_size, [&](int64_t d, auto count) {
      simd::store(to + j * shape.padded_head() + d, simd::load(from + j * stride + d, count));
    });
  }
}

void multiply_causal(const float* rows, int64_t row_stride, int64_t first, int64_t count, int64_t length,
                     const Shape& shape, const float* packed, float* scores, int64_t stride) {
  const int64_t end = std::min(length, first + count);
  for (int64_t panel = 0; panel < end; panel += kColumns) {
    for (int64_t i = 0; i < count; i += kRows) {
      const int64_t last = std::min(first + i + kRows, end);
      if (last <= panel) continue;
      small_gemm::multiply(std::min(kRows, count - i), std::min(kColumns, simd::round_up(last - panel)),
                           shape.head_size, {rows + i * row_stride, row_stride, 1},
                           {packed + panel * shape.head_size, kColumns}, {scores + i * stride + panel, stride}, false);
    }
  }
}

}  // namespace rl::attention
