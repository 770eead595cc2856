#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "vector.h"

/// The softmax of rows of logits, whole or by part.
namespace rl::vocabulary_row {

using simd::Vec;

/// Of some logits of a row, u = logit / temperature: the highest m, the sum of e^(u - m) and of e^(u - m) (u - m).
struct Sums {
  float highest;
  double weights;
  double weighted;
};

/// Two passes. Partial sums move to double every 4,096 elements, so precision does not fall with the vocabulary.
inline Sums sums_of(const float* logits, int64_t count, float inverse_temperature) {
  constexpr int64_t kRun = 4096;
  constexpr float kLowest = -std::numeric_limits<float>::infinity();
  Vec highest = simd::broadcast(kLowest);
  simd::for_lanes(count, [&](int64_t i, auto lanes) {
    highest = simd::max(simd::keep_first(simd::load(logits + i, lanes), lanes, kLowest), highest);
  });
  const float top = simd::max_lane(highest) * inverse_temperature;
  double weights = 0.0, weighted = 0.0;
  for (int64_t first = 0; first < count; first += kRun) {
    Vec sum{}, product{};
    simd::for_lanes(std::min(kRun, count - first), [&](int64_t i, auto lanes) {
      const Vec shifted = simd::load(logits + first + i, lanes) * inverse_temperature - top;
      const Vec weight = simd::keep_first(simd::exp(shifted), lanes, 0.0f);
      sum += weight;
      product += weight * shifted;
    });
    weights += simd::sum(sum);
    weighted += simd::sum(product);
  }
  return {top, weights, weighted};
}

/// The sums of both parts of a row.
inline Sums joined(const Sums& a, const Sums& b) {
  const float highest = std::max(a.highest, b.highest);
  const double fall_a = static_cast<double>(a.highest) - highest, fall_b = static_cast<double>(b.highest) - highest;
  const double scale_a = std::exp(fall_a), scale_b = std::exp(fall_b);
  return {highest, a.weights * scale_a + b.weights * scale_b,
          (a.weighted + a.weights * fall_a) * scale_a + (b.weighted + b.weights * fall_b) * scale_b};
}

/// What the forward pass keeps of each row. The normaliser is in two parts, since their sum would round away digits of
/// every log-probability: log p[j] = (logit[j] / temperature - highest) - log_weights.
struct Results {
  at::Tensor log_probs;    // [R]
  at::Tensor entropy;      // [R]
  at::Tensor normalisers;  // [R, 2]: highest, log_weights

  explicit Results(const at::Tensor& hidden)
      : log_probs(at::empty({hidden.size(0)}, hidden.options())),
        entropy(at::empty_like(log_probs)),
        normalisers(at::empty({hidden.size(0), 2}, hidden.options())) {}

  /// Where they are written; rows may be written at the same time.
  struct Writer {
    float* log_probs;
    float* entropy;
    float* normalisers;
    float inverse_temperature;

    /// `sums` are those of the whole row, `logit` is that of its target.
    void write(int64_t row, const Sums& sums, float logit) const {
      const double log_weights = std::log(sums.weights);
      const double shifted = static_cast<double>(logit) * inverse_temperature - sums.highest;
      log_probs[row] = static_cast<float>(shifted - log_weights);
      entropy[row] = static_cast<float>(log_weights - sums.weighted / sums.weights);
      normalisers[2 * row] = sums.highest;
      normalisers[2 * row + 1] = static_cast<float>(log_weights);
    }
  };

  Writer writer(float inverse_temperature) {
    return {log_probs.data_ptr<float>(), entropy.data_ptr<float>(), normalisers.data_ptr<float>(), inverse_temperature};
  }
};

/// Overwrites some logits of a row by the gradient of d_log_prob * log p[target] + d_entropy * H:
/// ((j == target) d_log_prob - p[j] (d_log_prob + d_entropy (log p[j] + H))) / temperature. Those from `count` to
/// `width` are padding and get zero; `target` is negative where it is not among these.
inline void differentiate(float* logits, int64_t width, int64_t count, int64_t target, float inverse_temperature,
                          const float* normaliser, float entropy, float d_log_prob, float d_entropy) {
  simd::for_lanes(count, [&](int64_t i, auto lanes) {
    const Vec log_p = simd::load(logits + i, lanes) * inverse_temperature - normaliser[0] - normaliser[1];
    const Vec pull = d_log_prob + d_entropy * (log_p + entropy);
    simd::store(logits + i, simd::exp(log_p) * pull * -inverse_temperature, lanes);
  });
  if (target >= 0) logits[target] += d_log_prob * inverse_temperature;
  for (int64_t i = count; i < width; ++i) logits[i] = 0.0f;
}

}  // namespace rl::vocabulary_row
