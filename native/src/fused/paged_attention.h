#pragma once

#include <ATen/ATen.h>

namespace rl {

/// Attention of single tokens over the paged cache (see kv_cache.h), without gradients.
///
/// q [N, Hq, head_size]; token i belongs to sequence sequence_of_token[i] in 0..s, whose blocks are
/// block_tables[sequence * stride + 0, 1, ...], and attends to its cached tokens 0..positions[i], its own included,
/// which must have been written. block_size is a multiple of 8, Hq a multiple of Hk; the query heads that share a key
/// head are computed together, and so are neighbouring tokens whose block tables begin alike (rollouts of one prompt),
/// so that keys and values are read once. Returns [N, Hq * head_size].
/// Throws if a sequence, position or block lies out of range. Work is sum(context) * Hq * head_size, split over tokens
/// by context length; a token's result depends on its own data alone, bit for bit, whatever the batch.
at::Tensor paged_attention(const at::Tensor& q, const at::Tensor& k_cache, const at::Tensor& v_cache,
                           const int32_t* block_tables, int64_t s, int64_t stride, const int32_t* sequence_of_token,
                           const int32_t* positions, int64_t n, double scale);

}  // namespace rl
