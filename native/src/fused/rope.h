#pragma once

#include <ATen/ATen.h>

#include <tuple>

#include "../compat.h"

namespace rl {

/// Splits a fused projection into queries, keys and values, normalises and rotates, in one pass.
///
/// Row n of `qkv` [N, (q_heads + 2 * kv_heads) * head_size] holds the query heads, then the key heads, then the value
/// heads. `q_norm` and `k_norm` [head_size], where given, are weights of an RMS norm over each head before rotation.
/// Rotation (RoPE, Su et al. 2021) pairs dimension d with d + head_size / 2, as Llama checkpoints in Hugging Face form
/// expect; token n uses row positions[n] of `cos` and `sin` [P, head_size / 2], tables without gradients.
/// Returns q [N, q_heads, head_size], k and v [N, kv_heads, head_size], differentiable in qkv, q_norm and k_norm.
/// Throws if a position lies outside the tables. Results do not depend on the number of threads.
std::tuple<at::Tensor, at::Tensor, at::Tensor> split_qkv_rope(const at::Tensor& qkv,
                                                              const compat::optional<at::Tensor>& q_norm,
                                                              const compat::optional<at::Tensor>& k_norm, double eps,
                                                              const at::Tensor& cos, const at::Tensor& sin,
                                                              const int32_t* positions, int64_t n, int64_t q_heads,
                                                              int64_t kv_heads);

}  // namespace rl
