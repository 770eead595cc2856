#include "sampling.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "checks.h"
#include "guard.h"
#include "partition.h"
#include "top_tokens.h"
#include "vector.h"

namespace rl {
namespace {

using simd::Vec;

constexpr const char* kName = "sample";

/// Tokens summed at once while building and inverting the cumulative distribution.
constexpr int64_t kRun = 256;

struct Draw {
  int32_t token;
  float log_prob;
};

/// One thread's buffers: a weight per token, a measure per bucket of tokens, and the ids that a filter ranks.
struct Scratch {
  std::vector<float> weights;
  std::vector<double> measures;
  std::vector<int32_t> candidates;
};

/// The highest logit, or NaN if any logit is NaN or infinite.
float highest_finite(const float* logits, int64_t vocabulary) {
  constexpr float kLowest = -std::numeric_limits<float>::infinity();
  Vec highest = simd::broadcast(kLowest), poison{};
  simd::for_lanes(vocabulary, [&](int64_t i, auto count) {
    const Vec value = simd::load(logits + i, count);
    poison += value * 0.0f;  // zero for finite values, NaN for all others
    highest = simd::max(simd::keep_first(value, count, kLowest), highest);
  });
  return simd::max_lane(highest) + simd::sum(poison);
}

float lowest_of(const float* logits, int64_t vocabulary) {
  constexpr float kHighest = std::numeric_limits<float>::infinity();
  Vec highest_negated = simd::broadcast(-kHighest);
  simd::for_lanes(vocabulary, [&](int64_t i, auto count) {
    highest_negated = simd::max(simd::keep_first(-simd::load(logits + i, count), count, -kHighest), highest_negated);
  });
  return -simd::max_lane(highest_negated);
}

/// weights[i] = exp((logits[i] - highest) / temperature).
void weigh(const float* logits, int64_t vocabulary, float highest, float temperature, float* weights) {
  simd::for_lanes(vocabulary, [&](int64_t i, auto count) {
    simd::store(weights + i, simd::exp((simd::load(logits + i, count) - highest) / temperature), count);
  });
}

double run_sum(const float* weights, int64_t first, int64_t vocabulary) {
  Vec sum{};
  simd::for_lanes(std::min(kRun, vocabulary - first),
                  [&](int64_t i, auto count) { sum += simd::load(weights + first + i, count); });
  return simd::sum(sum);
}

double total_of(const float* weights, int64_t vocabulary) {
  double total = 0.0;
  for (int64_t first = 0; first < vocabulary; first += kRun) total += run_sum(weights, first, vocabulary);
  return total;
}

/// Keeps the shortest prefix of the ranking (higher logit first, lower id among equals) whose measure reaches `target`,
/// at least one token; the weights of all others become zero. The measure of a token is 1 (`by_count`) or its weight.
///
/// Tokens fall into buckets by logit; only those of the bucket where the target is reached are sorted, so the cost is
/// linear in the vocabulary. Logits decide rather than weights, since different logits may round to equal weights.
void keep_leading(const float* logits, int64_t vocabulary, float highest, bool by_count, double target,
                  Scratch& scratch) {
  float* weights = scratch.weights.data();
  const int64_t last = std::clamp<int64_t>(vocabulary / 4, 1, 4096) - 1;
  const float per_logit = static_cast<float>(last) / (highest - lowest_of(logits, vocabulary) + 1e-6f);
  // The minimum also catches differences that overflow.
  const auto bucket_of = [&](int64_t i) {
    return static_cast<int64_t>(std::min(static_cast<float>(last), (highest - logits[i]) * per_logit));
  };
  std::vector<double>& measures = scratch.measures;
  measures.assign(last + 1, 0.0);
  for (int64_t i = 0; i < vocabulary; ++i) measures[bucket_of(i)] += by_count ? 1.0 : weights[i];
  double reached = 0.0;
  int64_t cut = 0;
  while (cut <= last && reached + measures[cut] < target) reached += measures[cut++];
  std::vector<int32_t>& ids = scratch.candidates;
  ids.clear();
  for (int64_t i = 0; i < vocabulary; ++i) {
    const int64_t bucket = bucket_of(i);
    if (bucket == cut && weights[i] > 0.0f) ids.push_back(static_cast<int32_t>(i));
    if (bucket > cut) weights[i] = 0.0f;
  }
  std::sort(ids.begin(), ids.end(),
            [logits](int32_t a, int32_t b) { return logits[a] != logits[b] ? logits[a] > logits[b] : a < b; });
  for (const int32_t id : ids) {
    const double measure = by_count ? 1.0 : weights[id];
    if (reached >= target) weights[id] = 0.0f;
    reached += measure;
  }
}

void filter_top_k(const float* logits, int64_t vocabulary, float highest, int64_t top_k, Scratch& scratch) {
  if (top_k <= 0 || top_k >= vocabulary) return;
  keep_leading(logits, vocabulary, highest, true, static_cast<double>(top_k), scratch);
}

/// The nucleus: the fewest tokens that together have probability top_p.
void filter_top_p(const float* logits, int64_t vocabulary, float highest, float top_p, Scratch& scratch) {
  if (top_p >= 1.0f) return;
  keep_leading(logits, vocabulary, highest, false, top_p * total_of(scratch.weights.data(), vocabulary), scratch);
}

/// Drops tokens less probable than min_p times the most probable one, whose weight is 1 and survives every filter.
void filter_min_p(int64_t vocabulary, float min_p, float* weights) {
  if (min_p <= 0.0f) return;
  const float least = std::min(min_p, 1.0f);
  for (int64_t i = 0; i < vocabulary; ++i) {
    if (weights[i] < least) weights[i] = 0.0f;
  }
}

/// The first token whose cumulative weight exceeds uniform * total; the last token with weight if rounding leaves none.
int64_t invert(const float* weights, int64_t vocabulary, double target) {
  double before = 0.0;
  int64_t last = 0;
  for (int64_t first = 0; first < vocabulary; first += kRun) {
    const int64_t end = std::min(vocabulary, first + kRun);
    const double after = before + run_sum(weights, first, vocabulary);
    const bool here = after > target;
    double cumulative = before;
    for (int64_t i = first; (here || end == vocabulary) && i < end; ++i) {
      cumulative += weights[i];
      if (weights[i] > 0.0f) last = i;
      if (weights[i] > 0.0f && cumulative > target) return i;
    }
    if (here) return last;
    before = after;
  }
  for (last = vocabulary - 1; weights[last] <= 0.0f;) --last;
  return last;
}

/// Tells the most probable tokens of a row. The weights are left as those of `temperature`.
void tell_top(const float* logits, const SampleRequest& request, int64_t i, float highest, float temperature,
              float* weights, const TopTokens& top) {
  const int64_t vocabulary = request.vocabulary;
  int32_t* ids = top.ids + i * request.top_count;
  top_tokens(logits, vocabulary, request.top_count, ids);
  double total = total_of(weights, vocabulary);
  const double log_total = std::log(total);
  if (temperature != 1.0f) {
    weigh(logits, vocabulary, highest, 1.0f, weights);
    total = total_of(weights, vocabulary);
    weigh(logits, vocabulary, highest, temperature, weights);
  }
  for (int64_t m = 0; m < request.top_count; ++m) {
    const int64_t at = i * request.top_count + m;
    const bool exists = ids[m] >= 0;
    const double below = exists ? static_cast<double>(logits[ids[m]]) - highest : 0.0;
    top.probabilities[at] = exists ? static_cast<float>(std::exp(below) / total) : 0.0f;
    top.log_probs[at] =
        exists ? static_cast<float>(below / temperature - log_total) : -std::numeric_limits<float>::infinity();
  }
}

Draw draw(const float* logits, const SampleRequest& request, int64_t i, float highest, Scratch& scratch,
          const TopTokens& top) {
  const int64_t vocabulary = request.vocabulary;
  const bool greedy = request.temperature[i] == 0.0f;
  const float temperature = greedy ? 1.0f : request.temperature[i];
  float* weights = scratch.weights.data();
  weigh(logits, vocabulary, highest, temperature, weights);
  if (request.top_count > 0) tell_top(logits, request, i, highest, temperature, weights, top);
  int64_t token;
  if (greedy) {
    token = std::find(logits, logits + vocabulary, highest) - logits;
  } else {
    filter_top_k(logits, vocabulary, highest, request.top_k[i], scratch);
    filter_top_p(logits, vocabulary, highest, request.top_p[i], scratch);
    filter_min_p(vocabulary, request.min_p[i], weights);
    token = invert(weights, vocabulary, request.uniform[i] * total_of(weights, vocabulary));
  }
  const double shifted = (static_cast<double>(logits[token]) - highest) / temperature;
  return {static_cast<int32_t>(token), static_cast<float>(shifted - std::log(total_of(weights, vocabulary)))};
}

void check_request(const at::Tensor& logits, const SampleRequest& request) {
  check_tensor(logits, kName, "logits", 2);
  TORCH_CHECK(request.vocabulary > 0 && request.vocabulary <= logits.size(1), kName, ": vocabulary must lie in 1..",
              logits.size(1), " (the columns of logits), got ", request.vocabulary);
  TORCH_CHECK(request.top_count >= 0, kName, ": top_count ", request.top_count, " is negative");
  for (int64_t i = 0; i < request.n; ++i) {
    TORCH_CHECK(request.rows[i] >= 0 && request.rows[i] < logits.size(0), kName, ": request ", i, " names row ",
                request.rows[i], " of ", logits.size(0));
    TORCH_CHECK(request.temperature[i] >= 0.0f && std::isfinite(request.temperature[i]), kName, ": temperature ",
                request.temperature[i], " of request ", i, " is negative or not finite");
    TORCH_CHECK(request.top_p[i] > 0.0f, kName, ": top_p ", request.top_p[i], " of request ", i, " must be positive");
    TORCH_CHECK(request.min_p[i] <= 1.0f, kName, ": min_p ", request.min_p[i], " of request ", i, " must not exceed 1");
    TORCH_CHECK(request.uniform[i] >= 0.0 && request.uniform[i] < 1.0, kName, ": uniform ", request.uniform[i],
                " of request ", i, " is outside [0, 1)");
  }
}

}  // namespace

void sample(const at::Tensor& logits, const SampleRequest& request, int32_t* token_ids, float* log_probs,
            const TopTokens& top) {
  check_request(logits, request);
  const int64_t width = logits.size(1);
  const float* data = logits.data_ptr<float>();
  std::vector<uint8_t> broken(request.n, 0);
  at::parallel_for(0, request.n, row_grain(4 * request.vocabulary), [&](int64_t first, int64_t last) {
    Scratch scratch{std::vector<float>(request.vocabulary), {}, {}};
    for (int64_t i = first; i < last; ++i) {
      const float* row = data + request.rows[i] * width;
      const float highest = highest_finite(row, request.vocabulary);
      broken[i] = !std::isfinite(highest);
      if (broken[i]) continue;
      const Draw drawn = draw(row, request, i, highest, scratch, top);
      token_ids[i] = drawn.token;
      log_probs[i] = drawn.log_prob;
    }
  });
  const auto bad = std::find(broken.begin(), broken.end(), uint8_t{1});
  if (bad != broken.end()) {
    throw NotFinite("row " + std::to_string(request.rows[bad - broken.begin()]) +
                    " of the logits holds NaN or infinity, the weights have diverged");
  }
}

}  // namespace rl
