#pragma once

#include <ATen/ATen.h>
#include <torch/csrc/autograd/variable.h>

namespace rl {

/// Memory of one chunk of logits.
constexpr int64_t kLogitsChunkBytes = int64_t{32} << 20;

/// `token_log_probs` with a weight that counts as bfloat16: {log_probs [R], entropy [R]}. The arguments are checked by
/// it.
torch::autograd::variable_list rounded_token_log_probs(const at::Tensor& hidden, const at::Tensor& weight,
                                                       const at::Tensor& targets, double temperature,
                                                       int64_t vocabulary);

}  // namespace rl
