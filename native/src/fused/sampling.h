#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace rl {

/// What to sample: request i draws one token from row rows[i] of the logits with the settings at index i. All arrays
/// have n entries. temperature >= 0 (0: the most probable token); top_p > 0 and min_p <= 1; top_k <= 0 or
/// >= vocabulary, top_p >= 1 and min_p <= 0 switch their filter off; uniform in [0, 1). Ids from `vocabulary` on are
/// padding, never drawn.
struct SampleRequest {
  const int32_t* rows;
  const float* temperature;
  const int32_t* top_k;
  const float* top_p;
  const float* min_p;
  const double* uniform;
  int64_t n;
  int64_t vocabulary;
  int64_t top_count;
};

/// Where the `top_count` most probable tokens of each request's row go, [n, top_count] each, the most probable first
/// and the lower id among equals: probabilities at temperature 1 and log-probabilities at the request's temperature (1
/// where that is 0), both unfiltered. Where the vocabulary has fewer tokens: id -1, probability 0, log-probability
/// -inf.
struct TopTokens {
  int32_t* ids;
  float* probabilities;
  float* log_probs;
};

/// Draws token_ids[i] and writes its log-probability under the distribution it was drawn from, for logits [M, V].
///
/// Filters apply in the order temperature, top-k, top-p (nucleus: Holtzman et al. 2020), min-p (Nguyen et al. 2024),
/// each to the renormalised result of the one before; equal logits rank by lower id. The draw inverts the cumulative
/// distribution in order of token ids at the given uniform, so it is a function of the row and the request alone.
/// Temperature 0 takes the highest logit, the lowest id among equals, and reports its log-probability under the
/// unfiltered distribution at temperature 1. Sums are in double. Throws, naming the row, on a logit that is NaN or
/// infinite. O(V) a request, plus
/// sorting the few tokens about as probable as the last one kept.
void sample(const at::Tensor& logits, const SampleRequest& request, int32_t* token_ids, float* log_probs,
            const TopTokens& top);

}  // namespace rl
