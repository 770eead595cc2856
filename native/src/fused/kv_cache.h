#pragma once

#include <ATen/ATen.h>

namespace rl {

/// The paged cache: keys [B, Hk, head_size, block_size], transposed inside a block so that neighbouring floats belong
/// to neighbouring tokens; values [B, Hk, block_size, head_size]. Slot s is token s % block_size of block
/// s / block_size.

/// Writes the keys and values of n tokens (k, v [N, Hk, head_size]) to their slots; a negative slot skips its token.
/// Slots must differ. Throws before writing anything if a slot lies outside the cache.
void kv_write(const at::Tensor& k, const at::Tensor& v, const int32_t* slot_mapping, int64_t n, at::Tensor& k_cache,
              at::Tensor& v_cache);

/// Copies block source[i] to block destination[i] for i in 0..n, in that order; copy-on-write after a fork. Throws
/// before copying anything if a block lies outside the cache.
void kv_copy_blocks(at::Tensor& k_cache, at::Tensor& v_cache, const int32_t* source, const int32_t* destination,
                    int64_t n);

/// Rejects a pair of cache tensors that do not belong together.
void check_kv_cache(const char* operation, const at::Tensor& k_cache, const at::Tensor& v_cache);

}  // namespace rl
