#pragma once

#include <limits>

#include "vector.h"

namespace rl {

/// What a row of scores became: the largest scaled score, and the sum of the weights left in its place.
struct SoftmaxRow {
  float highest;
  float sum;
};

/// Replaces the first `count` scores by exp(scale * score - highest), and the ones after them up to `end` by zero.
inline SoftmaxRow exponentiate(float* scores, int64_t count, int64_t end, float scale) {
  constexpr float kLowest = -std::numeric_limits<float>::infinity();
  simd::Vec highest = simd::broadcast(kLowest);
  simd::for_lanes(count, [&](int64_t j, auto lanes) {
    const simd::Vec scaled = simd::load(scores + j, lanes) * scale;
    simd::store(scores + j, scaled, lanes);
    highest = simd::max(simd::keep_first(scaled, lanes, kLowest), highest);
  });
  const float top = simd::max_lane(highest);
  simd::Vec total{};
  simd::for_lanes(count, [&](int64_t j, auto lanes) {
    const simd::Vec weight = simd::keep_first(simd::exp(simd::load(scores + j, lanes) - top), lanes, 0.0f);
    simd::store(scores + j, weight, lanes);
    total += weight;
  });
  for (int64_t j = count; j < end; ++j) scores[j] = 0.0f;
  return {top, simd::sum(total)};
}

}  // namespace rl
