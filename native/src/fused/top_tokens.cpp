#include "top_tokens.h"

#include <algorithm>
#include <limits>

#include "vector.h"

namespace rl {
namespace {

/// Logits whose highest one is compared at once.
constexpr int64_t kRun = 256;

float highest_of(const float* logits, int64_t count) {
  constexpr float kLowest = -std::numeric_limits<float>::infinity();
  simd::Vec highest = simd::broadcast(kLowest);
  simd::for_lanes(count, [&](int64_t i, auto lanes) {
    highest = simd::max(simd::keep_first(simd::load(logits + i, lanes), lanes, kLowest), highest);
  });
  return simd::max_lane(highest);
}

/// Puts an id whose logit exceeds the last kept one into its place.
void insert(const float* logits, int32_t id, int64_t kept, int32_t* ids) {
  int64_t place = kept - 1;
  for (; place > 0 && logits[id] > logits[ids[place - 1]]; --place) ids[place] = ids[place - 1];
  ids[place] = id;
}

}  // namespace

void top_tokens(const float* logits, int64_t vocabulary, int64_t count, int32_t* ids) {
  std::fill_n(ids, count, -1);
  int64_t kept = 0;
  for (int64_t first = 0; first < vocabulary; first += kRun) {
    const int64_t end = std::min(vocabulary, first + kRun);
    if (kept == count && highest_of(logits + first, end - first) <= logits[ids[count - 1]]) continue;
    for (int64_t i = first; i < end; ++i) {
      if (kept < count) {
        insert(logits, static_cast<int32_t>(i), ++kept, ids);
      } else if (logits[i] > logits[ids[count - 1]]) {
        insert(logits, static_cast<int32_t>(i), kept, ids);
      }
    }
  }
}

}  // namespace rl
