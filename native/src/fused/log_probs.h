#pragma once

#include <ATen/ATen.h>

#include <tuple>

namespace rl {

/// Log-probabilities of given tokens, and entropies, under softmax(hidden weight^T / temperature).
///
/// hidden [R, D], weight [V, D], targets [r] with r = R and 0 <= target < vocabulary <= V; rows of `weight` from
/// `vocabulary` on are padding and take no part. `temperature` > 0. Returns (log_probs [R], entropy [R]) in nats, both
/// differentiable in hidden and weight. The logits exist for one chunk of rows at a time (at most 32 MiB); backward
/// computes a chunk's logits again and turns them in place into their gradient. 2 R V D multiply-adds forward, 3 times
/// that backward. As deterministic as the matrix product beneath it.
///
/// With `rounded` the weight counts as bfloat16 (see rounding.h) and the chunks are of the vocabulary, so that each of
/// its rows is rounded once a pass.
std::tuple<at::Tensor, at::Tensor> token_log_probs(const at::Tensor& hidden, const at::Tensor& weight, bool rounded,
                                                   const int64_t* targets, int64_t r, double temperature,
                                                   int64_t vocabulary);

}  // namespace rl
