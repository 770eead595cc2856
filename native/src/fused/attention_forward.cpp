#include "attention_task.h"
#include "softmax_row.h"

namespace rl::attention {
namespace {

using small_gemm::kRows;

/// One tile of queries of one head, over packed keys and values.
struct Tile {
  int64_t first;  // position of its first query in the sequence
  int64_t count;
};

void attend(const Shape& shape, const ForwardTask& task, Tile tile, const float* q, const float* keys,
            const float* values, float* scores, float* product, float* out, float* normalisers) {
  const int64_t row = shape.q_heads * shape.head_size, stride = score_stride(task.length);
  const int64_t padded = shape.padded_head();
  multiply_causal(q + tile.first * row, row, tile.first, tile.count, task.length, shape, keys, scores, stride);
  for (int64_t block = 0; block < tile.count; block += kRows) {
    const int64_t rows = std::min(kRows, tile.count - block);
    const int64_t seen = tile.first + block + rows;
    float inverse[kRows];
    for (int64_t i = 0; i < rows; ++i) {
      const int64_t position = tile.first + block + i;
      const SoftmaxRow softmax = exponentiate(scores + (block + i) * stride, position + 1, seen, shape.scale);
      inverse[i] = 1.0f / softmax.sum;
      normalisers[2 * position] = softmax.highest;
      normalisers[2 * position + 1] = inverse[i];
    }
    small_gemm::multiply(rows, padded, seen, {scores + block * stride, stride, 1}, {values, padded}, {product, padded},
                         false);
    for (int64_t i = 0; i < rows; ++i) {
      simd::for_lanes(shape.head_size, [&](int64_t d, auto lanes) {
        simd::store(out + (tile.first + block + i) * row + d, simd::load(product + i * padded + d) * inverse[i], lanes);
      });
    }
  }
}

}  // namespace

int64_t forward_scratch(const Shape& shape, int64_t length) {
  return transposed_size(shape, length) + length * shape.padded_head() + kForwardTile * score_stride(length) +
         kRows * shape.padded_head();
}

void forward(const Shape& shape, const ForwardTask& task, float* scratch) {
  float* keys = scratch;
  float* values = keys + transposed_size(shape, task.length);
  float* scores = values + task.length * shape.padded_head();
  float* product = scores + kForwardTile * score_stride(task.length);
  const int64_t kv_row = shape.kv_heads * shape.head_size;
  pack_transposed(task.k, kv_row, task.length, shape, keys);
  pack_rows(task.v, kv_row, task.length, shape, values);
  for (int64_t head = 0; head < shape.group(); ++head) {
    const int64_t offset = head * shape.head_size;
    for (int64_t first = 0; first < task.length; first += kForwardTile) {
      const Tile tile{first, std::min(kForwardTile, task.length - first)};
      attend(shape, task, tile, task.q + offset, keys, values, scores, product, task.out + offset,
             task.normalisers + 2 * head * task.tokens);
    }
  }
}

}  // namespace rl::attention
