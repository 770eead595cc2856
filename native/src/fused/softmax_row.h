#pragma once

#include <limits>

#include "vector.h"

namespace rl {

/// What a row of scores became: the largest scaled score, and the sum of the weights left in its place.
struct SoftmaxRow {
  float highest;
  float sum;
};

/// Replaces the first `count` scores by exp(scale * score - highest), and the ones after them up to `end` by zero;
/// `scale` is positive.
RL_INLINE SoftmaxRow exponentiate(float* scores, int64_t count, int64_t end, float scale) {
  constexpr float kLowest = -std::numeric_limits<float>::infinity();
  simd::Vec highest = simd::broadcast(kLowest);
  simd::for_lanes(count, [&](int64_t j, auto lanes) {
    highest = simd::max(simd::keep_first(simd::load(scores + j, lanes), lanes, kLowest), highest);
  });
  const float top = simd::max_lane(highest) * scale;
  simd::Vec total{};
  simd::for_lanes(count, [&](int64_t j, auto lanes) {
    const simd::Vec shifted = simd::load(scores + j, lanes) * scale - top;
    const simd::Vec weight = simd::keep_first(simd::exp(shifted), lanes, 0.0f);
    simd::store(scores + j, weight, lanes);
    total += weight;
  });
  for (int64_t j = count; j < end; ++j) scores[j] = 0.0f;
  return {top, simd::sum(total)};
}

}  // namespace rl
