#pragma once

#include <cstdint>

#include "small_gemm.h"

/// One task of packed attention: a sequence, a key head and the query heads that read it.
namespace rl::attention {

/// Sizes shared by all tasks of a call.
struct Shape {
  int64_t q_heads;
  int64_t kv_heads;
  int64_t head_size;
  float scale;

  int64_t group() const { return q_heads / kv_heads; }
  int64_t padded_head() const { return simd::round_up(head_size); }
};

/// Query rows taken together: a multiple of the rows of a register block.
constexpr int64_t kForwardTile = 24;
constexpr int64_t kBackwardTile = 48;

/// Scores of a tile are stored with this many floats a row; the extra vector keeps rows of a power of two apart in
/// the cache's sets.
inline int64_t score_stride(int64_t length) { return simd::round_up(length) + simd::kLanes; }

/// Floats of K^T or V^T in panels of small_gemm::kColumns tokens, each panel [head_size, kColumns].
inline int64_t transposed_size(const Shape& shape, int64_t length) {
  return simd::round_up(length, small_gemm::kColumns) * shape.padded_head();
}

/// Packs `length` rows of one head (rows `stride` apart) as transposed panels; missing tokens are zero.
void pack_transposed(const float* from, int64_t stride, int64_t length, const Shape& shape, float* to);

/// Copies rows of one head to rows of padded_head() floats; the padding is zero.
void pack_rows(const float* from, int64_t stride, int64_t length, const Shape& shape, float* to);

/// scores[i, j] = sum_d rows[first + i, d] * packed[j, d] for the `count` rows from `first` and the keys each may see,
/// rounded up to whole vectors per register block. `rows` has stride `row_stride`.
void multiply_causal(const float* rows, int64_t row_stride, int64_t first, int64_t count, int64_t length,
                     const Shape& shape, const float* packed, float* scores, int64_t stride);

/// Inputs and results of a forward task, the normalisers of a row being its highest scaled score and the inverse of
/// its sum of exponentials (kept apart, their logarithms would cost digits and time); pointers are to the task's first
/// token and head.
struct ForwardTask {
  int64_t length;
  const float *q, *k, *v;
  float* out;
  float* normalisers;  // [tokens, 2] for each query head
  int64_t tokens;      // of the whole call: what lies between the heads' normalisers
};

int64_t forward_scratch(const Shape& shape, int64_t length);
void forward(const Shape& shape, const ForwardTask& task, float* scratch);

/// Inputs and results of a backward task, as above.
struct BackwardTask {
  int64_t length;
  const float *q, *k, *v, *out, *d_out;
  const float* normalisers;
  int64_t tokens;
  float *dq, *dk, *dv;
};

int64_t backward_scratch(const Shape& shape, int64_t length);
void backward(const Shape& shape, const BackwardTask& task, float* scratch);

}  // namespace rl::attention
