#include "log_probs_rounded.h"

#include <torch/csrc/autograd/custom_function.h>

#include <vector>

#include "partition.h"
#include "rounding.h"
#include "vocabulary_row.h"

namespace rl {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using vocabulary_row::Sums;

/// Ids computed at once: logits of all rows for them fit into a chunk. A multiple of 64, at least that.
int64_t chunk_of(int64_t rows) {
  const int64_t ids = kLogitsChunkBytes / static_cast<int64_t>(sizeof(float)) / std::max<int64_t>(1, rows);
  return std::max<int64_t>(64, ids / 64 * 64);
}

/// Runs `body(first_id, logits, weight)` over chunks of the vocabulary: `weight` [n, D] in float32, `logits` [R, n].
template <class Body>
void for_each_chunk(const at::Tensor& hidden, const at::Tensor& weight, Body&& body) {
  const int64_t ids = weight.size(0), most = std::min(ids, chunk_of(hidden.size(0)));
  for (int64_t first = 0; first < ids; first += most) {
    const at::Tensor values = rounded_values(weight.narrow(0, first, std::min(most, ids - first)));
    at::Tensor logits = at::mm(hidden, values.t());
    body(first, logits, values);
  }
}

struct RoundedTokenLogProbs : torch::autograd::Function<RoundedTokenLogProbs> {
  static variable_list forward(AutogradContext* context, const at::Tensor& hidden, const at::Tensor& weight,
                               const at::Tensor& targets, double temperature, int64_t vocabulary) {
    const int64_t rows = hidden.size(0);
    vocabulary_row::Results results(hidden);
    const float inverse = static_cast<float>(1.0 / temperature);
    const int64_t* target = targets.data_ptr<int64_t>();
    std::vector<Sums> sums(rows);
    std::vector<float> chosen(rows);
    for_each_chunk(hidden, weight, [&](int64_t first_id, const at::Tensor& logits, const at::Tensor&) {
      const int64_t width = logits.size(1), count = std::min(width, vocabulary - first_id);
      if (count <= 0) return;
      const float* values = logits.data_ptr<float>();
      at::parallel_for(0, rows, row_grain(width), [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i) {
          const float* row = values + i * width;
          const Sums part = vocabulary_row::sums_of(row, count, inverse);
          sums[i] = first_id == 0 ? part : vocabulary_row::joined(sums[i], part);
          const int64_t at = target[i] - first_id;
          if (at >= 0 && at < count) chosen[i] = row[at];
        }
      });
    });
    const auto writer = results.writer(inverse);
    for (int64_t i = 0; i < rows; ++i) writer.write(i, sums[i], chosen[i]);
    context->save_for_backward({hidden, weight, targets, results.entropy, results.normalisers});
    context->saved_data["temperature"] = temperature;
    context->saved_data["vocabulary"] = vocabulary;
    context->saved_data["trained"] = weight.requires_grad();
    return {results.log_probs, results.entropy};
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &hidden = saved[0], &weight = saved[1];
    const int64_t vocabulary = context->saved_data["vocabulary"].toInt();
    const bool trained = context->saved_data["trained"].toBool();
    const float inverse = static_cast<float>(1.0 / context->saved_data["temperature"].toDouble());
    const at::Tensor d_log_probs = gradients[0].contiguous(), d_entropies = gradients[1].contiguous();
    const float *dl = d_log_probs.data_ptr<float>(), *dh = d_entropies.data_ptr<float>();
    const float *h = saved[3].data_ptr<float>(), *z = saved[4].data_ptr<float>();
    const int64_t* target = saved[2].data_ptr<int64_t>();
    at::Tensor d_hidden = at::zeros_like(hidden), d_weight;
    if (trained) d_weight = at::empty(weight.sizes(), hidden.options());
    for_each_chunk(hidden, weight, [&](int64_t first_id, const at::Tensor& logits, const at::Tensor& values) {
      const int64_t width = logits.size(1), count = std::clamp<int64_t>(vocabulary - first_id, 0, width);
      float* chunk = logits.data_ptr<float>();
      at::parallel_for(0, logits.size(0), row_grain(width), [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i) {
          const int64_t at = target[i] - first_id;
          vocabulary_row::differentiate(chunk + i * width, width, count, at >= 0 && at < count ? at : -1, inverse,
                                        z + 2 * i, h[i], dl[i], dh[i]);
        }
      });
      d_hidden.addmm_(logits, values);
      if (trained) {
        at::Tensor rows = d_weight.narrow(0, first_id, width);
        at::mm_out(rows, logits.t(), hidden);
      }
    });
    return {d_hidden, d_weight, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

variable_list rounded_token_log_probs(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets,
                                      double temperature, int64_t vocabulary) {
  return RoundedTokenLogProbs::apply(hidden, weight, targets, temperature, vocabulary);
}

}  // namespace rl
