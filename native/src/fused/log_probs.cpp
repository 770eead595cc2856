#include "log_probs.h"

#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <limits>

#include "checks.h"
#include "partition.h"
#include "vector.h"

namespace rl {
namespace {

using simd::Vec;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kChunkBytes = int64_t{32} << 20;

/// Runs `body(first_row, logits)` over chunks of rows, `logits` [rows, V] = hidden[chunk] weight^T in one buffer.
template <class Body>
void for_each_chunk(const at::Tensor& hidden, const at::Tensor& weight, Body&& body) {
  const int64_t rows = hidden.size(0), vocabulary = weight.size(0);
  const int64_t most = std::max<int64_t>(1, kChunkBytes / static_cast<int64_t>(sizeof(float)) / vocabulary);
  const at::Tensor buffer = at::empty({std::min(rows, most), vocabulary}, hidden.options());
  const at::Tensor columns = weight.t();
  for (int64_t first = 0; first < rows; first += most) {
    const int64_t count = std::min(most, rows - first);
    at::Tensor logits = buffer.narrow(0, 0, count);
    at::mm_out(logits, hidden.narrow(0, first, count), columns);
    body(first, logits);
  }
}

/// The softmax of one row of logits at a temperature. The normaliser is kept in two parts, since their sum would round
/// away digits of every log-probability: log p[j] = (logit[j] / temperature - highest) - log_weights.
struct RowStatistics {
  float highest;
  double log_weights;
  double entropy;
};

/// Two passes: the maximum m, then sum of e = exp(u - m) and of e (u - m) for u = logit / temperature. Partial sums
/// move to double every 4,096 elements, so precision does not fall with the vocabulary.
RowStatistics statistics_of(const float* logits, int64_t vocabulary, float inverse_temperature) {
  constexpr int64_t kRun = 4096;
  constexpr float kLowest = -std::numeric_limits<float>::infinity();
  Vec highest = simd::broadcast(kLowest);
  simd::for_lanes(vocabulary, [&](int64_t i, auto count) {
    highest = simd::max(simd::keep_first(simd::load(logits + i, count), count, kLowest), highest);
  });
  const float top = simd::max_lane(highest) * inverse_temperature;
  double weights = 0.0, weighted = 0.0;
  for (int64_t first = 0; first < vocabulary; first += kRun) {
    Vec sum{}, product{};
    simd::for_lanes(std::min(kRun, vocabulary - first), [&](int64_t i, auto count) {
      const Vec shifted = simd::load(logits + first + i, count) * inverse_temperature - top;
      const Vec weight = simd::keep_first(simd::exp(shifted), count, 0.0f);
      sum += weight;
      product += weight * shifted;
    });
    weights += simd::sum(sum);
    weighted += simd::sum(product);
  }
  const double log_weights = std::log(weights);
  return {top, log_weights, log_weights - weighted / weights};
}

/// Overwrites one row of logits by the gradient of
///   d_log_prob * log p[target] + d_entropy * H  with log p[j] as in RowStatistics:
/// ((j == target) d_log_prob - p[j] (d_log_prob + d_entropy (log p[j] + H))) / temperature; padding gets zero.
void differentiate_row(float* logits, int64_t width, int64_t vocabulary, int64_t target, float inverse_temperature,
                       const float* normaliser, float entropy, float d_log_prob, float d_entropy) {
  simd::for_lanes(vocabulary, [&](int64_t i, auto count) {
    const Vec log_p = simd::load(logits + i, count) * inverse_temperature - normaliser[0] - normaliser[1];
    const Vec pull = d_log_prob + d_entropy * (log_p + entropy);
    simd::store(logits + i, simd::exp(log_p) * pull * -inverse_temperature, count);
  });
  logits[target] += d_log_prob * inverse_temperature;
  for (int64_t i = vocabulary; i < width; ++i) logits[i] = 0.0f;
}

struct TokenLogProbs : torch::autograd::Function<TokenLogProbs> {
  static variable_list forward(AutogradContext* context, const at::Tensor& hidden, const at::Tensor& weight,
                               const at::Tensor& targets, double temperature, int64_t vocabulary) {
    const int64_t rows = hidden.size(0), width = weight.size(0);
    at::Tensor log_probs = at::empty({rows}, hidden.options()), entropy = at::empty_like(log_probs);
    at::Tensor normalisers = at::empty({rows, 2}, hidden.options());
    float *out = log_probs.data_ptr<float>(), *h = entropy.data_ptr<float>(), *z = normalisers.data_ptr<float>();
    const int64_t* target = targets.data_ptr<int64_t>();
    const float inverse = static_cast<float>(1.0 / temperature);
    for_each_chunk(hidden, weight, [&](int64_t start, at::Tensor& logits) {
      const float* chunk = logits.data_ptr<float>();
      at::parallel_for(0, logits.size(0), row_grain(width), [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i) {
          const RowStatistics row = statistics_of(chunk + i * width, vocabulary, inverse);
          const int64_t at = start + i;
          const double shifted = static_cast<double>(chunk[i * width + target[at]]) * inverse - row.highest;
          out[at] = static_cast<float>(shifted - row.log_weights);
          h[at] = static_cast<float>(row.entropy);
          z[2 * at] = row.highest;
          z[2 * at + 1] = static_cast<float>(row.log_weights);
        }
      });
    });
    context->save_for_backward({hidden, weight, targets, entropy, normalisers});
    context->saved_data["temperature"] = temperature;
    context->saved_data["vocabulary"] = vocabulary;
    return {log_probs, entropy};
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &hidden = saved[0], &weight = saved[1], &targets = saved[2];
    const int64_t width = weight.size(0), vocabulary = context->saved_data["vocabulary"].toInt();
    const float inverse = static_cast<float>(1.0 / context->saved_data["temperature"].toDouble());
    const at::Tensor d_log_probs = gradients[0].contiguous(), d_entropies = gradients[1].contiguous();
    const float *dl = d_log_probs.data_ptr<float>(), *dh = d_entropies.data_ptr<float>();
    const float *h = saved[3].data_ptr<float>(), *z = saved[4].data_ptr<float>();
    const int64_t* target = targets.data_ptr<int64_t>();
    at::Tensor d_hidden = at::empty_like(hidden);
    at::Tensor d_weight = hidden.size(0) > 0 ? at::empty_like(weight) : at::zeros_like(weight);
    for_each_chunk(hidden, weight, [&](int64_t start, at::Tensor& logits) {
      float* chunk = logits.data_ptr<float>();
      const int64_t count = logits.size(0);
      at::parallel_for(0, count, row_grain(width), [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i) {
          const int64_t at = start + i;
          differentiate_row(chunk + i * width, width, vocabulary, target[at], inverse, z + 2 * at, h[at], dl[at],
                            dh[at]);
        }
      });
      at::Tensor d_rows = d_hidden.narrow(0, start, count);
      at::mm_out(d_rows, logits, weight);
      // The first chunk's product initialises the sum; a pass over a large vocabulary's gradient to clear it is saved.
      const at::Tensor d_logits = logits.t(), inputs = hidden.narrow(0, start, count);
      if (start == 0) {
        at::mm_out(d_weight, d_logits, inputs);
      } else {
        d_weight.addmm_(d_logits, inputs);
      }
    });
    return {d_hidden, d_weight, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

std::tuple<at::Tensor, at::Tensor> token_log_probs(const at::Tensor& hidden, const at::Tensor& weight,
                                                   const int64_t* targets, int64_t r, double temperature,
                                                   int64_t vocabulary) {
  constexpr const char* kName = "token_log_probs";
  check_tensor(hidden, kName, "hidden", 2);
  check_tensor(weight, kName, "weight", 2);
  check_size(hidden, kName, "hidden", 0, r);
  check_size(weight, kName, "weight", 1, hidden.size(1));
  TORCH_CHECK(temperature > 0.0 && std::isfinite(temperature), kName, ": temperature must be positive, got ",
              temperature);
  TORCH_CHECK(vocabulary > 0 && vocabulary <= weight.size(0), kName, ": vocabulary must lie in 1..", weight.size(0),
              " (the rows of weight), got ", vocabulary);
  for (int64_t i = 0; i < r; ++i) {
    TORCH_CHECK(targets[i] >= 0 && targets[i] < vocabulary, kName, ": target ", targets[i], " of row ", i,
                " is outside the vocabulary of ", vocabulary);
  }
  const variable_list results =
      TokenLogProbs::apply(hidden, weight, copy_integers(targets, r), temperature, vocabulary);
  return {results[0], results[1]};
}

}  // namespace rl
