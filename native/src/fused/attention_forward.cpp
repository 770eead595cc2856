#include "attention_task.h"
#include "softmax_row.h"

namespace rl::attention {
namespace {

using small_gemm::kRows;

/// Keys and values of a path, packed by place, and room for a tile of scores.
struct Buffers {
  float *keys, *values;     // panels, [longest, padded]
  float *scores, *product;  // [tile, stride], [kRows, padded]
  int64_t stride;

  Buffers(const Shape& shape, int64_t longest, float* scratch) : stride(score_stride(longest)) {
    keys = scratch;
    values = keys + transposed_size(shape, longest);
    scores = values + longest * shape.padded_head();
    product = scores + kForwardTile * stride;
  }
};

/// One tile of queries of one head; the pointers are to its first query, which stands at place `first` of the path.
struct Tile {
  int64_t first, count;
  const float* q;
  float *out, *normalisers;
};

void attend(const Shape& shape, int64_t length, const Tile& tile, const Buffers& b) {
  const int64_t row = shape.q_heads * shape.head_size, padded = shape.padded_head();
  multiply_causal(tile.q, row, tile.first, tile.count, length, shape, b.keys, b.scores, b.stride);
  for (int64_t block = 0; block < tile.count; block += kRows) {
    const int64_t rows = std::min(kRows, tile.count - block);
    const int64_t seen = tile.first + block + rows;
    float inverse[kRows];
    for (int64_t i = 0; i < rows; ++i) {
      const int64_t query = block + i;
      const SoftmaxRow softmax = exponentiate(b.scores + query * b.stride, tile.first + query + 1, seen, shape.scale);
      inverse[i] = 1.0f / softmax.sum;
      tile.normalisers[2 * query] = softmax.highest;
      tile.normalisers[2 * query + 1] = inverse[i];
    }
    small_gemm::multiply(rows, padded, seen, {b.scores + block * b.stride, b.stride, 1}, {b.values, padded},
                         {b.product, padded}, false);
    for (int64_t i = 0; i < rows; ++i) {
      simd::for_lanes(shape.head_size, [&](int64_t d, auto lanes) {
        simd::store(tile.out + (block + i) * row + d, simd::load(b.product + i * padded + d) * inverse[i], lanes);
      });
    }
  }
}

}  // namespace

int64_t forward_scratch(const Shape& shape, int64_t longest_path) {
  return transposed_size(shape, longest_path) + longest_path * shape.padded_head() +
         kForwardTile * score_stride(longest_path) + kRows * shape.padded_head();
}

void forward(const Shape& shape, const Tree& tree, const ForwardTask& task, int32_t* path_tokens, float* scratch) {
  const Buffers b(shape, tree.longest_path, scratch);
  const int64_t q_row = shape.q_heads * shape.head_size, kv_row = shape.kv_heads * shape.head_size;
  Path path{path_tokens};
  for (int64_t run = 0; run < tree.runs; ++run) {
    const int64_t start = tree.starts[run], length = tree.run_length(run), prefix = tree.prefixes[run];
    path.go(prefix, start, length);
    pack_transposed(task.k, kv_row, path, prefix, shape, b.keys);
    pack_rows(task.v + start * kv_row, kv_row, length, shape, b.values + prefix * shape.padded_head());
    for (int64_t head = 0; head < shape.group(); ++head) {
      for (int64_t first = 0; first < length; first += kForwardTile) {
        const int64_t token = start + first, at = token * q_row + head * shape.head_size;
        attend(shape, path.size,
               {prefix + first, std::min(kForwardTile, length - first), task.q + at, task.out + at,
                task.normalisers + 2 * (head * task.tokens + token)},
               b);
      }
    }
  }
}

}  // namespace rl::attention
