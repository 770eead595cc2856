#pragma once

#include "small_gemm.h"

/// The inner loop of paged attention: scores against keys that lie scattered in blocks, and prefetching of the next.
namespace rl::paged {

using simd::kLanes;
using simd::Vec;
using small_gemm::kRows;
using small_gemm::kVectors;

/// Asks for the floats from `from` on to be in cache soon. Blocks lie scattered over many pages, where the machine's
/// own prefetching stops.
RL_INLINE void prefetch(const float* from, int64_t count) {
  constexpr int64_t kLine = 64 / sizeof(float);
  for (int64_t i = 0; i < count; i += kLine) __builtin_prefetch(from + i);
}

/// Vectors of kLanes keys each, transposed (element d of the keys is `stride` floats after element d - 1): as many as
/// keep enough independent sums going to hide the latency of a multiply-add.
struct KeyVectors {
  const float* vectors[kVectors];
  int64_t stride;
};

/// Where scores go: row i of the queries to data + i * stride.
using Scores = small_gemm::Rows<float>;

/// Scores of M queries against the keys; meanwhile the keys at `next` are prefetched.
template <int M>
RL_INLINE void score_block(const float* queries, const KeyVectors& keys, const KeyVectors& next, int64_t head_size,
                           Scores scores) {
  Vec sums[M][kVectors] = {};
  for (int64_t d = 0; d < head_size; ++d) {
    Vec key[kVectors];
#pragma GCC unroll 4
    for (int64_t j = 0; j < kVectors; ++j) {
      key[j] = simd::load(keys.vectors[j] + d * keys.stride);
      __builtin_prefetch(next.vectors[j] + d * keys.stride);
    }
#pragma GCC unroll 8
    for (int i = 0; i < M; ++i) {
      const Vec query = simd::broadcast(queries[i * head_size + d]);
#pragma GCC unroll 4
      for (int64_t j = 0; j < kVectors; ++j) sums[i][j] = simd::multiply_add(query, key[j], sums[i][j]);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < M; ++i) {
#pragma GCC unroll 4
    for (int64_t j = 0; j < kVectors; ++j) simd::store(scores.data + i * scores.stride + j * kLanes, sums[i][j]);
  }
}

/// `score_block` for any number of queries, rows of `queries` [rows, head_size].
inline void score_rows(int64_t rows, const float* queries, const KeyVectors& keys, const KeyVectors& next,
                       int64_t head_size, Scores scores) {
  for (int64_t i = 0; i < rows; i += kRows) {
    const float* q = queries + i * head_size;
    const Scores to = scores.at(i, 0);
    switch (std::min(kRows, rows - i)) {
      case 1:
        score_block<1>(q, keys, next, head_size, to);
        break;
      case 2:
        score_block<2>(q, keys, next, head_size, to);
        break;
      case 3:
        score_block<3>(q, keys, next, head_size, to);
        break;
      case 4:
        score_block<4>(q, keys, next, head_size, to);
        break;
      case 5:
        score_block<5>(q, keys, next, head_size, to);
        break;
      default:
        score_block<6>(q, keys, next, head_size, to);
        break;
    }
  }
}

}  // namespace rl::paged
