#include "attention_task.h"

namespace rl::attention {
namespace {

using simd::Vec;
using small_gemm::kRows;

/// Where a task keeps its packed operands, its sums over query heads and the two tiles of scores.
struct Buffers {
  float *keys, *values_transposed, *keys_transposed;  // [L, padded], panels, panels
  float *dk, *dv;                                     // [L, padded], summed over the query heads
  float *queries, *d_outs, *dq;                       // [tile, padded]
  float *weights, *d_scores;                          // [tile, score_stride]

  Buffers(const Shape& shape, int64_t length, float* scratch) {
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
    d_scores = weights + kBackwardTile * score_stride(length);
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

/// One tile of queries of one head; the pointers are to that head's first token.
struct HeadPointers {
  const float *q, *out, *d_out, *normalisers;
  float* dq;
};

void backward_tile(const Shape& shape, int64_t length, int64_t first, const HeadPointers& head, const Buffers& b) {
  const int64_t count = std::min(kBackwardTile, length - first), end = first + count;
  const int64_t row = shape.q_heads * shape.head_size, stride = score_stride(length), padded = shape.padded_head();
  const float* q = head.q + first * row;
  const float* d_out = head.d_out + first * row;
  pack_rows(q, row, count, shape, b.queries);
  pack_rows(d_out, row, count, shape, b.d_outs);
  multiply_causal(b.queries, padded, first, count, length, shape, b.keys_transposed, b.weights, stride);
  multiply_causal(b.d_outs, padded, first, count, length, shape, b.values_transposed, b.d_scores, stride);
  for (int64_t i = 0; i < count; ++i) {
    const float mean = dot(d_out + i * row, head.out + (first + i) * row, shape.head_size);
    softmax_backward(b.weights + i * stride, b.d_scores + i * stride, first + i + 1, end, shape.scale,
                     head.normalisers + 2 * (first + i), mean);
  }
  add_transposed_product(b.weights, stride, first, count, b.d_outs, padded, b.dv);
  add_transposed_product(b.d_scores, stride, first, count, b.queries, padded, b.dk);
  for (int64_t i = 0; i < count; i += kRows) {
    const int64_t rows = std::min(kRows, count - i);
    small_gemm::multiply(rows, padded, first + i + rows, {b.d_scores + i * stride, stride, 1}, {b.keys, padded},
                         {b.dq + i * padded, padded}, false);
  }
  for (int64_t i = 0; i < count; ++i) {
    std::memcpy(head.dq + (first + i) * row, b.dq + i * padded, shape.head_size * sizeof(float));
  }
}

}  // namespace

int64_t backward_scratch(const Shape& shape, int64_t length) {
  return 3 * length * shape.padded_head() + 2 * transposed_size(shape, length) +
         3 * kBackwardTile * shape.padded_head() + 2 * kBackwardTile * score_stride(length);
}

void backward(const Shape& shape, const BackwardTask& task, float* scratch) {
  const Buffers b(shape, task.length, scratch);
  const int64_t kv_row = shape.kv_heads * shape.head_size, padded = shape.padded_head();
  pack_rows(task.k, kv_row, task.length, shape, b.keys);
  pack_transposed(task.k, kv_row, task.length, shape, b.keys_transposed);
  pack_transposed(task.v, kv_row, task.length, shape, b.values_transposed);
  std::fill(b.dk, b.dk + 2 * task.length * padded, 0.0f);
  for (int64_t i = 0; i < shape.group(); ++i) {
    const int64_t offset = i * shape.head_size;
    const HeadPointers head{task.q + offset, task.out + offset, task.d_out + offset,
                            task.normalisers + 2 * i * task.tokens, task.dq + offset};
    for (int64_t first = 0; first < task.length; first += kBackwardTile) {
      backward_tile(shape, task.length, first, head, b);
    }
  }
  for (int64_t j = 0; j < task.length; ++j) {
    std::memcpy(task.dk + j * kv_row, b.dk + j * padded, shape.head_size * sizeof(float));
    std::memcpy(task.dv + j * kv_row, b.dv + j * padded, shape.head_size * sizeof(float));
  }
}

}  // namespace rl::attention
