#include "kv_cache.h"

#include <cstring>

#include "checks.h"
#include "partition.h"

namespace rl {

void check_kv_cache(const char* operation, const at::Tensor& k_cache, const at::Tensor& v_cache) {
  check_tensor(k_cache, operation, "k_cache", 4);
  check_tensor(v_cache, operation, "v_cache", 4);
  check_size(v_cache, operation, "v_cache", 0, k_cache.size(0));
  check_size(v_cache, operation, "v_cache", 1, k_cache.size(1));
  check_size(v_cache, operation, "v_cache", 2, k_cache.size(3));
  check_size(v_cache, operation, "v_cache", 3, k_cache.size(2));
}

void kv_write(const at::Tensor& k, const at::Tensor& v, const int32_t* slot_mapping, int64_t n, at::Tensor& k_cache,
              at::Tensor& v_cache) {
  constexpr const char* kName = "kv_write";
  check_kv_cache(kName, k_cache, v_cache);
  check_tensor(k, kName, "k", 3);
  check_tensor(v, kName, "v", 3);
  const int64_t heads = k_cache.size(1), head_size = k_cache.size(2), block_size = k_cache.size(3);
  for (const at::Tensor* tensor : {&k, &v}) {
    const char* name = tensor == &k ? "k" : "v";
    check_size(*tensor, kName, name, 0, n);
    check_size(*tensor, kName, name, 1, heads);
    check_size(*tensor, kName, name, 2, head_size);
  }
  const int64_t slots = k_cache.size(0) * block_size;
  for (int64_t i = 0; i < n; ++i) {
    TORCH_CHECK(slot_mapping[i] < slots, kName, ": slot ", slot_mapping[i], " of token ", i,
                " is outside the cache of ", slots, " slots");
  }
  const float *keys = k.data_ptr<float>(), *values = v.data_ptr<float>();
  float *key_cache = k_cache.data_ptr<float>(), *value_cache = v_cache.data_ptr<float>();
  at::parallel_for(0, n, row_grain(2 * heads * head_size), [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      if (slot_mapping[i] < 0) continue;
      const int64_t block = slot_mapping[i] / block_size, offset = slot_mapping[i] % block_size;
      for (int64_t head = 0; head < heads; ++head) {
        const int64_t from = (i * heads + head) * head_size;
        const int64_t to = (block * heads + head) * head_size * block_size;
        for (int64_t d = 0; d < head_size; ++d) key_cache[to + d * block_size + offset] = keys[from + d];
        std::memcpy(value_cache + to + offset * head_size, values + from, head_size * sizeof(float));
      }
    }
  });
}

void kv_copy_blocks(at::Tensor& k_cache, at::Tensor& v_cache, const int32_t* source, const int32_t* destination,
                    int64_t n) {
  constexpr const char* kName = "kv_copy_blocks";
  check_kv_cache(kName, k_cache, v_cache);
  const int64_t blocks = k_cache.size(0);
  for (int64_t i = 0; i < n; ++i) {
    for (const int32_t block : {source[i], destination[i]}) {
      TORCH_CHECK(block >= 0 && block < blocks, kName, ": block ", block, " of copy ", i, " is outside the cache of ",
                  blocks, " blocks");
    }
  }
  const int64_t size = k_cache.size(1) * k_cache.size(2) * k_cache.size(3);
  float *keys = k_cache.data_ptr<float>(), *values = v_cache.data_ptr<float>();
  for (int64_t i = 0; i < n; ++i) {
    if (source[i] == destination[i]) continue;
    std::memcpy(keys + destination[i] * size, keys + source[i] * size, size * sizeof(float));
    std::memcpy(values + destination[i] * size, values + source[i] * size, size * sizeof(float));
  }
}

}  // namespace rl
