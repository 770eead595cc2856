#include "log_probs.h"

#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

#include "checks.h"
#include "log_probs_rounded.h"
#include "partition.h"
#include "rounding.h"
#include "vocabulary_row.h"

namespace rl {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Runs `body(first_row, logits)` over chunks of rows, `logits` [rows, V] = hidden[chunk] weight^T in one buffer.
template <class Body>
void for_each_chunk(const at::Tensor& hidden, const at::Tensor& weight, Body&& body) {
  const int64_t rows = hidden.size(0), vocabulary = weight.size(0);
  const int64_t most = std::max<int64_t>(1, kLogitsChunkBytes / static_cast<int64_t>(sizeof(float)) / vocabulary);
  const at::Tensor buffer = at::empty({std::min(rows, most), vocabulary}, hidden.options());
  const at::Tensor columns = weight.t();
  for (int64_t first = 0; first < rows; first += most) {
    const int64_t count = std::min(most, rows - first);
    at::Tensor logits = buffer.narrow(0, 0, count);
    at::mm_out(logits, hidden.narrow(0, first, count), columns);
    body(first, logits);
  }
}

struct TokenLogProbs : torch::autograd::Function<TokenLogProbs> {
  static variable_list forward(AutogradContext* context, const at::Tensor& hidden, const at::Tensor& weight,
                               const at::Tensor& targets, double temperature, int64_t vocabulary) {
    const int64_t width = weight.size(0);
    vocabulary_row::Results results(hidden);
    const float inverse = static_cast<float>(1.0 / temperature);
    const auto writer = results.writer(inverse);
    const int64_t* target = targets.data_ptr<int64_t>();
    for_each_chunk(hidden, weight, [&](int64_t start, at::Tensor& logits) {
      const float* chunk = logits.data_ptr<float>();
      at::parallel_for(0, logits.size(0), row_grain(width), [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i) {
          const float* row = chunk + i * width;
          writer.write(start + i, vocabulary_row::sums_of(row, vocabulary, inverse), row[target[start + i]]);
        }
      });
    });
    context->save_for_backward({hidden, weight, targets, results.entropy, results.normalisers});
    context->saved_data["temperature"] = temperature;
    context->saved_data["vocabulary"] = vocabulary;
    context->saved_data["trained"] = weight.requires_grad();
    return {results.log_probs, results.entropy};
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
    const bool trained = context->saved_data["trained"].toBool();
    at::Tensor d_weight;
    if (trained) d_weight = hidden.size(0) > 0 ? at::empty_like(weight) : at::zeros_like(weight);
    for_each_chunk(hidden, weight, [&](int64_t start, at::Tensor& logits) {
      float* chunk = logits.data_ptr<float>();
      const int64_t count = logits.size(0);
      at::parallel_for(0, count, row_grain(width), [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i) {
          const int64_t at = start + i;
          vocabulary_row::differentiate(chunk + i * width, width, vocabulary, target[at], inverse, z + 2 * at, h[at],
                                        dl[at], dh[at]);
        }
      });
      at::Tensor d_rows = d_hidden.narrow(0, start, count);
      at::mm_out(d_rows, logits, weight);
      if (!trained) return;
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

std::tuple<at::Tensor, at::Tensor> token_log_probs(const at::Tensor& hidden, const at::Tensor& weight, bool rounded,
                                                   const int64_t* targets, int64_t r, double temperature,
                                                   int64_t vocabulary) {
  constexpr const char* kName = "token_log_probs";
  check_tensor(hidden, kName, "hidden", 2);
  if (rounded) {
    check_weight(weight, kName, 2);
  } else {
    check_tensor(weight, kName, "weight", 2);
  }
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
  const at::Tensor ids = copy_integers(targets, r);
  const variable_list results = rounded ? rounded_token_log_probs(hidden, weight, ids, temperature, vocabulary)
                                        : TokenLogProbs::apply(hidden, weight, ids, temperature, vocabulary);
  return {results[0], results[1]};
}

}  // namespace rl
