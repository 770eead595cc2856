#include "paged_attention.h"

#include "checks.h"
#include "kv_cache.h"
#include "paged_scores.h"
#include "partition.h"
#include "softmax_row.h"

namespace rl {
namespace {

using simd::kLanes;
using small_gemm::kRows;
using small_gemm::kVectors;

constexpr const char* kName = "paged_attention";

/// Rows (token, query head) taken together over one key head.
constexpr int64_t kTileRows = 4 * kRows;

/// How far ahead of the sums the values are prefetched.
constexpr int64_t kBlocksAhead = 2;

/// The call's sizes and data.
struct Call {
  const float *q, *k_cache, *v_cache;
  float* out;
  const int32_t *block_tables, *sequence_of_token, *positions;
  int64_t stride, q_heads, kv_heads, head_size, block_size;
  float scale;

  int64_t group() const { return q_heads / kv_heads; }
  int64_t padded_head() const { return simd::round_up(head_size); }
  int64_t padded_block() const { return simd::round_up(block_size); }
  int64_t head_block() const { return head_size * block_size; }
  const int32_t* table(int64_t token) const { return block_tables + sequence_of_token[token] * stride; }
};

/// Tokens that read the same keys and values, which then travel from memory once: neighbouring tokens of one sequence,
/// or one token of each of several sequences whose block tables begin alike (rollouts of a prompt, leaves of a tree).
struct Tile {
  int64_t first, count;
  int64_t context;  // longest of its tokens
  int64_t shared;   // leading keys that all read; the rest each token reads alone

  bool is_one_sequence() const { return shared == context; }
};

/// One thread's scratch, large enough for any of its tiles.
struct Scratch {
  std::vector<float> queries, scores, sums, padded_block;
  int64_t score_stride;

  Scratch(const Call& call, int64_t rows, int64_t context)
      : queries(rows * call.head_size),
        sums(rows * call.padded_head()),
        padded_block(std::max(call.head_size * call.padded_block(), call.block_size * call.padded_head())),
        score_stride((context / call.block_size + 1) * call.padded_block() + kLanes) {
    scores.resize(rows * score_stride);
  }
};

/// A block's rows as whole vectors: the cache itself where its rows are, else a padded copy.
small_gemm::Rows<const float> whole_vectors(const float* block, int64_t rows, int64_t width, float* copy) {
  const int64_t padded = simd::round_up(width);
  if (padded == width) return {block, width};
  for (int64_t row = 0; row < rows; ++row) {
    std::memcpy(copy + row * padded, block + row * width, width * sizeof(float));
    std::fill(copy + row * padded + width, copy + (row + 1) * padded, 0.0f);
  }
  return {copy, padded};
}

/// The block of one key head that holds token `at` of the sequence.
const float* block_of(const Call& call, const float* cache, const int32_t* table, int64_t kv_head, int64_t at) {
  return cache + (table[at / call.block_size] * call.kv_heads + kv_head) * call.head_block();
}

/// The vectors of keys from token `at` on; past the context, its last vector again.
paged::KeyVectors keys_from(const Call& call, const int32_t* table, int64_t kv_head, int64_t at, int64_t context) {
  paged::KeyVectors keys{{}, call.block_size};
  const int64_t last = (context - 1) / kLanes * kLanes;
  for (int64_t j = 0; j < kVectors; ++j) {
    const int64_t key = std::min(at + j * kLanes, last);
    keys.vectors[j] = block_of(call, call.k_cache, table, kv_head, key) + key % call.block_size;
  }
  return keys;
}

/// Rows of a tile, and the keys from..context (`from` begins a block) of a sequence they read.
struct Reading {
  int64_t row, rows;
  const int32_t* table;
  int64_t from, context;
};

/// Scores of a reading's rows against its keys of one key head.
void score(const Call& call, const Reading& r, int64_t kv_head, Scratch& scratch) {
  const auto [row, rows, table, from, context] = r;
  const small_gemm::Left queries{scratch.queries.data() + row * call.head_size, call.head_size, 1};
  const paged::Scores scores{scratch.scores.data() + row * scratch.score_stride, scratch.score_stride};
  const bool whole = call.block_size % kLanes == 0;
  int64_t at = from;
  if (whole && at < context) {
    paged::KeyVectors keys = keys_from(call, table, kv_head, at, context);
    for (; at + small_gemm::kColumns <= simd::round_up(context); at += small_gemm::kColumns) {
      const paged::KeyVectors next = keys_from(call, table, kv_head, at + small_gemm::kColumns, context);
      paged::score_rows(rows, queries.data, keys, next, call.head_size, scores.at(0, at));
      keys = next;
    }
  }
  const int64_t step = whole ? kLanes : call.block_size;
  for (; at < context; at += step) {
    const float* block = block_of(call, call.k_cache, table, kv_head, at) + at % call.block_size;
    const auto keys = whole ? small_gemm::Rows<const float>{block, call.block_size}
                            : whole_vectors(block, call.head_size, call.block_size, scratch.padded_block.data());
    small_gemm::multiply(rows, simd::round_up(step), call.head_size, queries, keys, scores.at(0, at), false);
  }
}

/// sums[row, :] (+)= sum over a reading's keys of scores[row, key] * value[key, :]; the first keys begin the sum.
void weigh(const Call& call, const Reading& r, int64_t kv_head, Scratch& scratch) {
  const auto [row, rows, table, from, context] = r;
  const int64_t padded = call.padded_head(), ahead = kBlocksAhead * call.block_size;
  const float* scores = scratch.scores.data() + row * scratch.score_stride;
  for (int64_t at = from; at < context; at += call.block_size) {
    const float* block = block_of(call, call.v_cache, table, kv_head, at);
    if (at + ahead < context) {
      paged::prefetch(block_of(call, call.v_cache, table, kv_head, at + ahead), call.head_block());
    }
    const int64_t keys = std::min(call.block_size, context - at);
    small_gemm::multiply(rows, padded, keys, {scores + at, scratch.score_stride, 1},
                         whole_vectors(block, keys, call.head_size, scratch.padded_block.data()),
                         {scratch.sums.data() + row * padded, padded}, at > 0);
  }
}

/// What the tile's rows read together, then what each token reads alone. A row's sums run over its keys in order
/// either way, so its result does not depend on its company.
std::vector<Reading> readings_of(const Call& call, const Tile& tile) {
  std::vector<Reading> readings{{0, tile.count * call.group(), call.table(tile.first), 0, tile.shared}};
  if (tile.is_one_sequence()) return readings;
  for (int64_t i = 0; i < tile.count; ++i) {
    const int64_t token = tile.first + i;
    readings.push_back({i * call.group(), call.group(), call.table(token), tile.shared, call.positions[token] + 1});
  }
  return readings;
}

void attend(const Call& call, const Tile& tile, Scratch& scratch) {
  const int64_t group = call.group(), size = call.head_size, rows = tile.count * group;
  const std::vector<Reading> readings = readings_of(call, tile);
  for (int64_t kv_head = 0; kv_head < call.kv_heads; ++kv_head) {
    const int64_t head_at = (tile.first * call.q_heads + kv_head * group) * size, token_row = call.q_heads * size;
    for (int64_t i = 0; i < tile.count; ++i) {
      std::memcpy(scratch.queries.data() + i * group * size, call.q + head_at + i * token_row,
                  group * size * sizeof(float));
    }
    for (const Reading& reading : readings) score(call, reading, kv_head, scratch);
    float inverse[kTileRows];
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t seen = call.positions[tile.first + row / group] + 1;
      float* scores = scratch.scores.data() + row * scratch.score_stride;
      inverse[row] = 1.0f / exponentiate(scores, seen, tile.is_one_sequence() ? tile.context : seen, call.scale).sum;
    }
    for (const Reading& reading : readings) weigh(call, reading, kv_head, scratch);
    for (int64_t row = 0; row < rows; ++row) {
      float* to = call.out + head_at + row / group * token_row + row % group * size;
      const float* sums = scratch.sums.data() + row * call.padded_head();
      simd::for_lanes(size,
                      [&](int64_t d, auto lanes) { simd::store(to + d, simd::load(sums + d) * inverse[row], lanes); });
    }
  }
}

/// Keys in the blocks that two tokens' tables have in common at their beginning, within both contexts.
int64_t common_keys(const Call& call, int64_t a, int64_t b) {
  const int64_t blocks = (std::min(call.positions[a], call.positions[b]) + int64_t{1}) / call.block_size;
  const int32_t* table = call.table(a);
  return (std::mismatch(table, table + blocks, call.table(b)).first - table) * call.block_size;
}

/// What token i shares with a tile it may join, or 0. Less than half of what a token reads is not worth reading its
/// keys in two parts: the caches serve neighbours almost as well.
int64_t joining(const Call& call, const Tile& tile, int64_t i, int64_t most) {
  if (tile.count >= most) return 0;
  const bool continues = call.sequence_of_token[i] == call.sequence_of_token[i - 1];
  if (continues) return tile.is_one_sequence() ? std::max(tile.context, call.positions[i] + int64_t{1}) : 0;
  if (tile.is_one_sequence() && tile.count > 1) return 0;
  const int64_t common = std::min(common_keys(call, i - 1, i), tile.shared);
  return 2 * common >= std::max(tile.context, call.positions[i] + int64_t{1}) ? common : 0;
}

std::vector<Tile> tiles_of(const Call& call, int64_t tokens) {
  const int64_t most = std::max<int64_t>(1, kTileRows / call.group());
  std::vector<Tile> tiles;
  for (int64_t i = 0; i < tokens; ++i) {
    const int64_t context = call.positions[i] + int64_t{1};
    const int64_t shared = i == 0 ? 0 : joining(call, tiles.back(), i, most);
    if (shared == 0) {
      tiles.push_back({i, 1, context, context});
      continue;
    }
    Tile& tile = tiles.back();
    ++tile.count;
    tile.context = std::max(tile.context, context);
    tile.shared = shared;
  }
  return tiles;
}

/// Work of a tile: the keys it reads, which come from memory, and the rows that meet them, which cost less.
int64_t cost_of(const Call& call, const Tile& tile) {
  const int64_t alone = tile.is_one_sequence() ? 0 : tile.count * (tile.context - tile.shared);
  return (tile.shared + alone + tile.count * (tile.context + 16) / 4) * call.q_heads * call.head_size;
}

void check_call(const at::Tensor& q, const at::Tensor& k_cache, const Call& call, int64_t s, int64_t n) {
  check_size(q, kName, "q", 0, n);
  check_size(q, kName, "q", 2, call.head_size);
  TORCH_CHECK(call.kv_heads > 0 && call.q_heads > 0 && call.q_heads % call.kv_heads == 0, kName, ": ", call.q_heads,
              " query heads are not a multiple of ", call.kv_heads, " key heads");
  TORCH_CHECK(call.scale > 0.0f, kName, ": scale must be positive, got ", call.scale);
  TORCH_CHECK(call.group() <= kTileRows, kName, ": at most ", kTileRows, " query heads may share a key head, got ",
              call.group());
  TORCH_CHECK(call.block_size > 0 && call.block_size % 8 == 0, kName, ": block_size must be a multiple of 8, got ",
              call.block_size);
  for (int64_t i = 0; i < n; ++i) {
    const int64_t sequence = call.sequence_of_token[i], position = call.positions[i];
    TORCH_CHECK(sequence >= 0 && sequence < s, kName, ": token ", i, " names sequence ", sequence, " of ", s);
    TORCH_CHECK(position >= 0 && position < call.stride * call.block_size, kName, ": position ", position, " of token ",
                i, " is outside its block table of ", call.stride, " blocks of ", call.block_size);
    for (int64_t block = 0; block <= position / call.block_size; ++block) {
      const int32_t id = call.block_tables[sequence * call.stride + block];
      TORCH_CHECK(id >= 0 && id < k_cache.size(0), kName, ": block ", id, " of sequence ", sequence,
                  " is outside the cache of ", k_cache.size(0), " blocks");
    }
  }
}

}  // namespace

at::Tensor paged_attention(const at::Tensor& q, const at::Tensor& k_cache, const at::Tensor& v_cache,
                           const int32_t* block_tables, int64_t s, int64_t stride, const int32_t* sequence_of_token,
                           const int32_t* positions, int64_t n, double scale) {
  check_tensor(q, kName, "q", 3);
  check_kv_cache(kName, k_cache, v_cache);
  at::Tensor out = at::empty({q.size(0), q.size(1) * q.size(2)}, q.options().requires_grad(false));
  const Call call{q.data_ptr<float>(),
                  k_cache.data_ptr<float>(),
                  v_cache.data_ptr<float>(),
                  out.data_ptr<float>(),
                  block_tables,
                  sequence_of_token,
                  positions,
                  stride,
                  q.size(1),
                  k_cache.size(1),
                  k_cache.size(2),
                  k_cache.size(3),
                  static_cast<float>(scale)};
  check_call(q, k_cache, call, s, n);
  const std::vector<Tile> tiles = tiles_of(call, n);
  std::vector<int64_t> costs(tiles.size() + 1, 0);
  for (size_t i = 0; i < tiles.size(); ++i) {
    costs[i + 1] = costs[i] + cost_of(call, tiles[i]);
  }
  parallel_balanced(costs, 1 << 16, [&](int64_t, int64_t first, int64_t last) {
    int64_t rows = 0, context = 0;
    for (int64_t i = first; i < last; ++i) {
      rows = std::max(rows, tiles[i].count * call.group());
      context = std::max(context, tiles[i].context);
    }
    Scratch scratch(call, rows, context);
    for (int64_t i = first; i < last; ++i) attend(call, tiles[i], scratch);
  });
  return out;
}

}  // namespace rl
