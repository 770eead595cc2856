#pragma once

#include <cstdint>

namespace rl {

/// Writes the ids of the `count` highest logits in falling order, the lower id first among equals, and -1 where the
/// vocabulary has fewer. O(V) for the small counts it is for: whole runs below the lowest one found are passed over.
void top_tokens(const float* logits, int64_t vocabulary, int64_t count, int32_t* ids);

}  // namespace rl
