#include "attention_task.h"

namespace rl::attention {
namespace {

using simd::Vec;
using small_gemm::kRows;

/// Where a task keeps a path's packed operands by place, its sums over query heads and later runs, and the two tiles of
/// scores.
struct Buffers {
  float *keys, *values_transposed, *keys_transposed;  // [longest, padded], panels, panels
  float *dk, *dv;                                     // [longest, padded]
  float *queries, *d_outs, *dq;                       // [tile, padded]
  float *weights, *d_scores;                          // [tile, stride]
  int64_t stride;

  Buffers(const Shape& shape, int64_t length, float* scratch) : stride(score_stride(length)) {
    const int64_t rows = length * shape.padded_head(), tile = kBackwardTile * shape.padded_head();
    keys = scratch;
    dk = keys + rows;
    dv = dk + rows;
    keys_transposed = dv + rows;
    values_transposed = keys_transposed + transposed_size(shape, length);
    queries = values_transposed + transposed_size(shape, length);
    d_outs = queries + tile;
    dq = d_outs + tile;
    weights = dq + tile;
    d_scores = weights + kBackwardTile * stride;
  }
};

RL_INLINE float dot(const float* a, const float* b, int64_t width) {
  Vec products{};
  simd::for_lanes(width,
                  [&](int64_t d, auto count) { products += simd::load(a + d, count) * simd::load(b + d, count); });
  return simd::sum(products);
}

/// Turns one row of scores into probabilities and one row of dO V^T into the gradient of the scores, for the first
/// `count` keys; the rest up to `end` becomes zero in both.
RL_INLINE void softmax_backward(float* weights, float* d_scores, int64_t count, int64_t end, float scale,
                                const float* normaliser, float mean) {
  simd::for_lanes(count, [&](int64_t j, auto lanes) {
    const Vec weight = simd::exp(simd::load(weights + j, lanes) * scale - normaliser[0]) * normaliser[1];
    simd::store(weights + j, weight, lanes);
    simd::store(d_scores + j, weight * (simd::load(d_scores + j, lanes) - mean) * scale, lanes);
  });
  for (int64_t j = count; j < end; ++j) weights[j] = d_scores[j] = 0.0f;
}

/// sums[j, :] += sum_i tile[i, j] * rows[i, :] over the keys j a query of the tile may see.
void add_transposed_product(const float* tile, int64_t stride, int64_t first, int64_t count, const float* rows,
                            int64_t padded, float* sums) {
  for (int64_t j = 0; j < first + count; j += kRows) {
    const int64_t skipped = std::max<int64_t>(0, j - first);
    small_gemm::multiply(std::min(kRows, first + count - j), padded, count - skipped,
                         {tile + skipped * stride + j, 1, stride}, {rows + skipped * padded, padded},
                         {sums + j * padded, padded}, true);
  }
}

/// One tile of queries of one head; the pointers are to its first query, which stands at place `first` of the path.
struct Tile {
  int64_t first, count;
  const float *q, *out, *d_out, *normalisers;
  float* dq;
};

void backward_tile(const Shape& shape, int64_t length, const Tile& tile, const Buffers& b) {
  const int64_t row = shape.q_heads * shape.head_size, stride = b.stride, padded = shape.padded_head();
  const int64_t first = tile.first, count = tile.count, end = first + count;
  pack_rows(tile.q, row, count, shape, b.queries);
  pack_rows(tile.d_out, row, count, shape, b.d_outs);
  multiply_causal(b.queries, padded, first, count, length, shape, b.keys_transposed, b.weights, stride);
  multiply_causal(b.d_outs, padded, first, count, length, shape, b.values_transposed, b.d_scores, stride);
  for (int64_t i = 0; i < count; ++i) {
    const float mean = dot(tile.d_out + i * row, tile.out + i * row, shape.head_size);
    softmax_backward(b.weights + i * stride, b.d_scores + i * stride, first + i + 1, end, shape.scale,
                     tile.normalisers + 2 * i, mean);
  }
  add_transposed_product(b.weights, stride, first, count, b.d_outs, padded, b.dv);
  add_transposed_product(b.d_scores, stride, first, count, b.queries, padded, b.dk);
  for (int64_t i = 0; i < count; i += kRows) {
    const int64_t rows = std::min(kRows, count - i);
    small_gemm::multiply(rows, padded, first + i + rows, {b.d_scores + i * stride, stride, 1}, {b.keys, padded},
                         {b.dq + i * padded, padded}, false);
  }
  for (int64_t i = 0; i < count; ++i) {
    std::memcpy(tile.dq + i * row, b.dq + i * padded, shape.head_size * sizeof(float));
  }
}

/// Writes out the gradients of the places from `first` on: no later run sees them.
void leave(const Shape& shape, const BackwardTask& task, const Path& path, int64_t first, const Buffers& b) {
  const int64_t kv_row = shape.kv_heads * shape.head_size, padded = shape.padded_head();
  for (int64_t j = first; j < path.size; ++j) {
    std::memcpy(task.dk + path.tokens[j] * kv_row, b.dk + j * padded, shape.head_size * sizeof(float));
    std::memcpy(task.dv + path.tokens[j] * kv_row, b.dv + j * padded, shape.head_size * sizeof(float));
  }
}

/// Packs the places from `first` on, with no gradient yet.
void enter(const Shape& shape, const BackwardTask& task, const Path& path, int64_t first, const Buffers& b) {
  const int64_t kv_row = shape.kv_heads * shape.head_size, padded = shape.padded_head(), length = path.size - first;
  if (length == 0) return;
  pack_rows(task.k + path.tokens[first] * kv_row, kv_row, length, shape, b.keys + first * padded);
  pack_transposed(task.k, kv_row, path, first, shape, b.keys_transposed);
  pack_transposed(task.v, kv_row, path, first, shape, b.values_transposed);
  std::fill_n(b.dk + first * padded, length * padded, 0.0f);
  std::fill_n(b.dv + first * padded, length * padded, 0.0f);
}

}  // namespace

int64_t backward_scratch(const Shape& shape, int64_t longest_path) {
  return 3 * longest_path * shape.padded_head() + 2 * transposed_size(shape, longest_path) +
         3 * kBackwardTile * shape.padded_head() + 2 * kBackwardTile * score_stride(longest_path);
}

void backward(const Shape& shape, const Tree& tree, const BackwardTask& task, int32_t* path_tokens, float* scratch) {
  const Buffers b(shape, tree.longest_path, scratch);
  const int64_t q_row = shape.q_heads * shape.head_size;
  Path path{path_tokens};
  for (int64_t run = 0; run < tree.runs; ++run) {
    const int64_t start = tree.starts[run], length = tree.run_length(run), prefix = tree.prefixes[run];
    leave(shape, task, path, prefix, b);
    path.go(prefix, start, length);
    enter(shape, task, path, prefix, b);
    for (int64_t head = 0; head < shape.group(); ++head) {
      for (int64_t first = 0; first < length; first += kBackwardTile) {
        const int64_t token = start + first, at = token * q_row + head * shape.head_size;
        backward_tile(shape, path.size,
                      {prefix + first, std::min(kBackwardTile, length - first), task.q + at, task.out + at,
                       task.d_out + at, task.normalisers + 2 * (head * task.tokens + token), task.dq + at},
                      b);
      }
    }
  }
  leave(shape, task, path, 0, b);
}

}  // namespace rl::attention
