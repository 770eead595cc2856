#pragma once

#include <cstdint>

#include "small_gemm.h"

/// One task of packed attention: a tree of token runs, a key head and the query heads that read it.
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

/// The runs of a tree in preorder: run r is `starts[r + 1] - starts[r]` tokens that continue the first `prefixes[r]`
/// tokens of the path of run r - 1. A run's path is that prefix and its own tokens; what a later run does not continue
/// is never seen again. That makes the path a stack: a task packs each token once, at its place on the path, and all
/// that a run attends to is there.
struct Tree {
  const int32_t* starts;    // [runs + 1], token indices of the call
  const int32_t* prefixes;  // [runs], the first is 0
  int64_t runs;
  int64_t longest_path;  // most tokens on a path

  int64_t run_length(int64_t run) const { return starts[run + 1] - starts[run]; }
};

/// Token index of each place on the present path; `size` places are filled.
struct Path {
  int32_t* tokens;
  int64_t size = 0;

  /// Leaves the path before `prefix` and goes on with `length` tokens from index `first`.
  void go(int64_t prefix, int64_t first, int64_t length) {
    for (int64_t i = 0; i < length; ++i) tokens[prefix + i] = static_cast<int32_t>(first + i);
    size = prefix + length;
  }
};

/// Packs the rows of one head that stand on the path from place `first` on (rows of the call's tokens `stride` apart)
/// as transposed panels, with the places before it that share a vector; missing places of the last vector are zero.
void pack_transposed(const float* from, int64_t stride, const Path& path, int64_t first, const Shape& shape, float* to);

/// Copies `length` rows of one head to rows of padded_head() floats; the padding is zero.
void pack_rows(const float* from, int64_t stride, int64_t length, const Shape& shape, float* to);

/// scores[i, j] = sum_d rows[i, d] * packed[j, d] for `count` rows, the first of which stands at place `first` of a
/// path of `length` tokens, and the places each may see, rounded up to whole vectors per register block. `rows` has
/// stride `row_stride`.
void multiply_causal(const float* rows, int64_t row_stride, int64_t first, int64_t count, int64_t length,
                     const Shape& shape, const float* packed, float* scores, int64_t stride);

/// Inputs and results of a forward task, the normalisers of a row being its highest scaled score and the inverse of
/// its sum of exponentials (kept apart, their logarithms would cost digits and time); pointers are to the call's first
/// token and the task's first head.
struct ForwardTask {
  const float *q, *k, *v;
  float* out;
  float* normalisers;  // [tokens, 2] for each query head
  int64_t tokens;      // of the whole call: what lies between the heads' normalisers
};

int64_t forward_scratch(const Shape& shape, int64_t longest_path);
void forward(const Shape& shape, const Tree& tree, const ForwardTask& task, int32_t* path, float* scratch);

/// Inputs and results of a backward task, as above.
struct BackwardTask {
  const float *q, *k, *v, *out, *d_out;
  const float* normalisers;
  int64_t tokens;
  float *dq, *dk, *dv;
};

int64_t backward_scratch(const Shape& shape, int64_t longest_path);
void backward(const Shape& shape, const Tree& tree, const BackwardTask& task, int32_t* path, float* scratch);

}  // namespace rl::attention
