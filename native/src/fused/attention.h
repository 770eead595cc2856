#pragma once

#include <ATen/ATen.h>

namespace rl {

/// Causal attention over packed sequences: token i of a sequence attends to tokens 0..i of the same sequence.
///
/// q [T, Hq, head_size], k and v [T, Hk, head_size] with Hq a multiple of Hk (query head h reads key head h / (Hq/Hk));
/// sequence i is tokens cu_seqlens[i]..cu_seqlens[i + 1], with cu_seqlens [s + 1] rising from 0 to T; empty sequences
/// are allowed. Returns [T, Hq * head_size], differentiable in q, k and v.
/// Forward keeps each row's maximum and normaliser, no probabilities; backward recomputes them (Dao et al. 2022). Work
/// is sum(L^2) * Hq * head_size, in tasks of one (sequence, key head) balanced over the threads by cost; scratch is a
/// few tiles of L floats a thread. No sum crosses a task, so results do not depend on the number of threads.
at::Tensor varlen_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const int32_t* cu_seqlens,
                            int64_t s, double scale);

}  // namespace rl
