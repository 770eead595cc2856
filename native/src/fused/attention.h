#pragma once

#include <ATen/ATen.h>

namespace rl {

/// Causal attention over packed sequences that may share prefixes: a token attends to itself and all tokens before it
/// on its path.
///
/// q [T, Hq, head_size], k and v [T, Hk, head_size] with Hq a multiple of Hk (query head h reads key head h / (Hq/Hk));
/// sequence i goes on with tokens cu_seqlens[i]..cu_seqlens[i + 1] after the first prefix_lens[i] tokens of the path of
/// sequence i - 1, with cu_seqlens [s + 1] rising from 0 to T; prefix_lens [s] may be null for zeros; a sequence may
/// add no token. So trees of sequences in preorder compute a shared token once. Returns [T, Hq * head_size],
/// differentiable in q, k and v. Forward keeps each row's maximum and normaliser, no probabilities; backward recomputes
/// them (Dao et al. 2022). Work is the sum over tokens of their path lengths * Hq * head_size, in tasks of one (tree,
/// key head) balanced over the threads by cost; scratch is a few tiles of the longest path's floats a thread. No sum
/// crosses a task, so results do not depend on the number of threads.
at::Tensor varlen_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const int32_t* cu_seqlens,
                            const int32_t* prefix_lens, int64_t s, double scale);

}  // namespace rl
