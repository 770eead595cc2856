#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace rl {

/// Elements below which one thread is quicker than waking the others.
constexpr int64_t kParallelElements = 16384;

/// Rows a thread should take at least, when a row has `width` elements.
inline int64_t row_grain(int64_t width) {
  return std::max<int64_t>(1, kParallelElements / std::max<int64_t>(1, width));
}

/// Cuts tasks 0..n into `parts` contiguous ranges of about equal cost: range p is [result[p], result[p + 1]).
/// `prefix[i]` is the cost of all tasks before i, so it has n + 1 entries and never falls. O(parts log n).
inline std::vector<int64_t> balanced_ranges(const std::vector<int64_t>& prefix, int64_t parts) {
  const int64_t total = prefix.back();
  std::vector<int64_t> bounds(parts + 1, static_cast<int64_t>(prefix.size()) - 1);
  bounds[0] = 0;
  for (int64_t part = 1; part < parts; ++part) {
    const int64_t target = total / parts * part;
    // The boundary nearest to the target: taking only the next one would overload the first parts.
    auto above = std::lower_bound(prefix.begin() + bounds[part - 1], prefix.end(), target);
    if (above != prefix.begin() + bounds[part - 1] && target - *(above - 1) < *above - target) --above;
    bounds[part] = above - prefix.begin();
  }
  return bounds;
}

/// Runs `body(part, begin, end)` for every non-empty range of `balanced_ranges`, one range a thread. The split is a
/// function of the costs and the number of threads alone.
template <class Body>
void parallel_balanced(const std::vector<int64_t>& prefix, int64_t cost_of_a_thread, Body&& body) {
  const int64_t tasks = static_cast<int64_t>(prefix.size()) - 1;
  const int64_t useful = std::max<int64_t>(1, prefix.back() / std::max<int64_t>(1, cost_of_a_thread));
  const int64_t parts = std::min<int64_t>({static_cast<int64_t>(at::get_num_threads()), tasks, useful});
  if (parts <= 1) {
    if (tasks > 0) body(int64_t{0}, int64_t{0}, tasks);
    return;
  }
  const std::vector<int64_t> bounds = balanced_ranges(prefix, parts);
  at::parallel_for(0, parts, 1, [&](int64_t first, int64_t last) {
    for (int64_t part = first; part < last; ++part) {
      if (bounds[part] < bounds[part + 1]) body(part, bounds[part], bounds[part + 1]);
    }
  });
}

/// Rows cut into at most 32 blocks whose number depends on the shape alone, so that sums over rows, kept one partial
/// per block and added in block order, are the same for any number of threads.
class RowBlocks {
 public:
  RowBlocks(int64_t rows, int64_t width)
      : rows_(rows), count_(std::clamp<int64_t>(rows / row_grain(width), rows > 0 ? 1 : 0, 32)) {}

  int64_t count() const { return count_; }

  /// Runs `body(block, first_row, last_row)` for every block.
  template <class Body>
  void for_each(Body&& body) const {
    at::parallel_for(0, count_, 1, [&](int64_t first, int64_t last) {
      for (int64_t block = first; block < last; ++block) {
        body(block, rows_ * block / count_, rows_ * (block + 1) / count_);
      }
    });
  }

 private:
  int64_t rows_;
  int64_t count_;
};

}  // namespace rl
