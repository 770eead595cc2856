#pragma once

#include <algorithm>

#include "vector.h"

/// Matrix products on small blocks that live in cache, for attention: C[i, :] (+)= sum_k A[i, k] * B[k, :].
namespace rl::small_gemm {

using simd::kLanes;
using simd::Vec;

/// Rows and vectors of C held in registers at once: as many as the register file takes beside one row of B.
constexpr int64_t kRows = 6;
constexpr int64_t kVectors = kLanes == 16 ? 4 : 2;
constexpr int64_t kColumns = kVectors * kLanes;

/// A read by element: A[i, k] is data[i * row + k * column].
struct Left {
  const float* data;
  int64_t row;
  int64_t column;

  Left at(int64_t i, int64_t k) const { return {data + i * row + k * column, row, column}; }
};

/// B or C by rows of whole vectors: row k starts at data + k * stride.
template <class T>
struct Rows {
  T* data;
  int64_t stride;

  Rows at(int64_t i, int64_t j) const { return {data + i * stride + j, stride}; }
};

template <int M, int N>
RL_INLINE void multiply_block(Left a, Rows<const float> b, Rows<float> c, int64_t depth, bool accumulate) {
  Vec sums[M][N];
#pragma GCC unroll 8
  for (int i = 0; i < M; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < N; ++j) {
      sums[i][j] = accumulate ? simd::load(c.data + i * c.stride + j * kLanes) : Vec{};
    }
  }
  for (int64_t k = 0; k < depth; ++k) {
    Vec right[N];
#pragma GCC unroll 4
    for (int j = 0; j < N; ++j) right[j] = simd::load(b.data + k * b.stride + j * kLanes);
#pragma GCC unroll 8
    for (int i = 0; i < M; ++i) {
      const Vec left = simd::broadcast(a.data[i * a.row + k * a.column]);
#pragma GCC unroll 4
      for (int j = 0; j < N; ++j) sums[i][j] = simd::multiply_add(left, right[j], sums[i][j]);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < M; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < N; ++j) simd::store(c.data + i * c.stride + j * kLanes, sums[i][j]);
  }
}

template <int N>
RL_INLINE void multiply_rows(int64_t rows, Left a, Rows<const float> b, Rows<float> c, int64_t depth, bool accumulate) {
  int64_t i = 0;
  for (; i + kRows <= rows; i += kRows) {
    multiply_block<kRows, N>(a.at(i, 0), b, c.at(i, 0), depth, accumulate);
  }
  switch (rows - i) {
    case 1:
      return multiply_block<1, N>(a.at(i, 0), b, c.at(i, 0), depth, accumulate);
    case 2:
      return multiply_block<2, N>(a.at(i, 0), b, c.at(i, 0), depth, accumulate);
    case 3:
      return multiply_block<3, N>(a.at(i, 0), b, c.at(i, 0), depth, accumulate);
    case 4:
      return multiply_block<4, N>(a.at(i, 0), b, c.at(i, 0), depth, accumulate);
    case 5:
      return multiply_block<5, N>(a.at(i, 0), b, c.at(i, 0), depth, accumulate);
    default:
      return;
  }
}

/// C[0:rows, 0:columns] (+)= A[0:rows, 0:depth] B[0:depth, 0:columns], `columns` a multiple of kLanes. Each element
/// is one chain of multiply-adds over k, so it does not depend on the rows and columns computed beside it.
inline void multiply(int64_t rows, int64_t columns, int64_t depth, Left a, Rows<const float> b, Rows<float> c,
                     bool accumulate) {
  int64_t j = 0;
  for (; j + kColumns <= columns; j += kColumns) {
    multiply_rows<kVectors>(rows, a, b.at(0, j), c.at(0, j), depth, accumulate);
  }
  switch ((columns - j) / kLanes) {
    case 1:
      return multiply_rows<1>(rows, a, b.at(0, j), c.at(0, j), depth, accumulate);
    case 2:
      return multiply_rows<2>(rows, a, b.at(0, j), c.at(0, j), depth, accumulate);
    case 3:
      return multiply_rows<3>(rows, a, b.at(0, j), c.at(0, j), depth, accumulate);
    default:
      return;
  }
}

}  // namespace rl::small_gemm
