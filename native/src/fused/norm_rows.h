#pragma once

#include "vector.h"

/// Root mean square normalisation of one row, shared by the block norms and the per-head norms of queries and keys.
namespace rl::norm_rows {

/// 1 / sqrt(mean(x^2) + eps).
RL_INLINE float inverse_rms(const float* x, int64_t width, float eps) {
  simd::Vec squares{};
  simd::for_lanes(width, [&](int64_t i, auto count) {
    const simd::Vec value = simd::load(x + i, count);
    squares += value * value;
  });
  return 1.0f / std::sqrt(simd::sum(squares) / static_cast<float>(width) + eps);
}

/// y = x * scale * weight.
RL_INLINE void apply(const float* x, const float* weight, float scale, int64_t width, float* y) {
  simd::for_lanes(width, [&](int64_t i, auto count) {
    simd::store(y + i, simd::load(x + i, count) * scale * simd::load(weight + i, count), count);
  });
}

/// The gradient of `apply(x, weight, inverse_rms(x))`: writes dx (+ extra, where not null) and adds the row's share to
/// d_weight. With g = dy * weight and r = 1/rms: dx = r * (g - x * r^2 * mean(g * x)), d_weight += dy * x * r.
RL_INLINE void backward(const float* x, const float* weight, const float* dy, const float* extra, float r,
                        int64_t width, float* dx, float* d_weight) {
  simd::Vec products{};
  simd::for_lanes(width, [&](int64_t i, auto count) {
    const simd::Vec xi = simd::load(x + i, count), dyi = simd::load(dy + i, count);
    products += dyi * simd::load(weight + i, count) * xi;
    simd::store(d_weight + i, simd::load(d_weight + i, count) + dyi * xi * r, count);
  });
  const float pull = r * r * r * simd::sum(products) / static_cast<float>(width);
  simd::for_lanes(width, [&](int64_t i, auto count) {
    simd::Vec value = simd::load(dy + i, count) * simd::load(weight + i, count) * r - simd::load(x + i, count) * pull;
    if (extra != nullptr) value += simd::load(extra + i, count);
    simd::store(dx + i, value, count);
  });
}

}  // namespace rl::norm_rows
