#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#if defined(__SSE__)
#include <immintrin.h>
#endif

// The functions below are always inlined, so the calling convention of wide vectors never matters.
#pragma GCC diagnostic ignored "-Wpsabi"

#define RL_INLINE inline __attribute__((always_inline))

/// Vectors of the width of the machine this is compiled for, on the compiler's vector extension: plain operators work
/// on them, and the same source compiles without AVX-512.
namespace rl::simd {

#if defined(__AVX512F__)
constexpr int64_t kLanes = 16;
#elif defined(__AVX__)
constexpr int64_t kLanes = 8;
#else
constexpr int64_t kLanes = 4;
#endif

typedef float Vec __attribute__((vector_size(kLanes * sizeof(float))));
typedef int32_t IntVec __attribute__((vector_size(kLanes * sizeof(int32_t))));

/// The type of a lane count known at compile time; `int64_t` is a count between 1 and kLanes.
using FullCount = std::integral_constant<int64_t, kLanes>;

constexpr int64_t round_up(int64_t n, int64_t multiple = kLanes) { return (n + multiple - 1) / multiple * multiple; }

RL_INLINE Vec broadcast(float value) { return value - Vec{}; }

RL_INLINE Vec load(const float* from) {
  Vec value;
  std::memcpy(&value, from, sizeof(Vec));
  return value;
}

RL_INLINE void store(float* to, Vec value) { std::memcpy(to, &value, sizeof(Vec)); }

RL_INLINE Vec load(const float* from, FullCount) { return load(from); }

RL_INLINE void store(float* to, Vec value, FullCount) { store(to, value); }

/// The first `count` lanes; the others are zero and their memory is not touched.
RL_INLINE Vec load(const float* from, int64_t count) {
#if defined(__AVX512F__)
  return (Vec)_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1u), from);
#else
  Vec value{};
  for (int64_t lane = 0; lane < kLanes; ++lane) {
    if (lane < count) value[lane] = from[lane];
  }
  return value;
#endif
}

RL_INLINE void store(float* to, Vec value, int64_t count) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1u << count) - 1u), (__m512)value);
#else
  for (int64_t lane = 0; lane < kLanes; ++lane) {
    if (lane < count) to[lane] = value[lane];
  }
#endif
}

/// One integer per lane, known at compile time; kept in memory, for vectors filled lane by lane are not folded.
struct Pattern {
  int32_t lanes[kLanes];

  template <class Rule>
  static constexpr Pattern of(Rule rule) {
    Pattern pattern{};
    for (int32_t lane = 0; lane < kLanes; ++lane) pattern.lanes[lane] = rule(lane);
    return pattern;
  }

  RL_INLINE IntVec vector() const {
    IntVec value;
    std::memcpy(&value, lanes, sizeof(IntVec));
    return value;
  }
};

RL_INLINE IntVec lane_index() {
  static constexpr Pattern kIndex = Pattern::of([](int32_t lane) { return lane; });
  return kIndex.vector();
}

/// `value` in the first `count` lanes, `other` in the rest.
RL_INLINE Vec keep_first(Vec value, FullCount, float) { return value; }

RL_INLINE Vec keep_first(Vec value, int64_t count, float other) {
  return lane_index() < static_cast<int32_t>(count) ? value : broadcast(other);
}

RL_INLINE Vec max(Vec a, Vec b) { return a > b ? a : b; }

/// a * b + c, rounded once where the machine can. Said outright in sums that must not depend on their company: the
/// compiler would choose between this and two roundings for each loop by itself.
RL_INLINE Vec multiply_add(Vec a, Vec b, Vec c) {
#if defined(__AVX512F__)
  return (Vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__FMA__)
  return (Vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
  return a * b + c;
#endif
}

RL_INLINE Vec sqrt(Vec value) {
#if defined(__AVX512F__)
  return (Vec)_mm512_maskz_sqrt_ps(0xFFFF, (__m512)value);
#elif defined(__AVX__)
  return (Vec)_mm256_sqrt_ps((__m256)value);
#elif defined(__SSE__)
  return (Vec)_mm_sqrt_ps((__m128)value);
#else
  for (int64_t lane = 0; lane < kLanes; ++lane) value[lane] = std::sqrt(value[lane]);
  return value;
#endif
}

/// `value` with the lanes moved down by `By`, cyclically.
template <int32_t By>
RL_INLINE Vec rotate_lanes(Vec value) {
  static constexpr Pattern kFrom = Pattern::of([](int32_t lane) { return (lane + By) % int32_t{kLanes}; });
  return __builtin_shuffle(value, kFrom.vector());
}

/// The sum of all lanes, by halves.
template <int32_t Half = kLanes / 2>
RL_INLINE float sum(Vec value) {
  value += rotate_lanes<Half>(value);
  if constexpr (Half == 1) {
    return value[0];
  } else {
    return sum<Half / 2>(value);
  }
}

template <int32_t Half = kLanes / 2>
RL_INLINE float max_lane(Vec value) {
  value = max(value, rotate_lanes<Half>(value));
  if constexpr (Half == 1) {
    return value[0];
  } else {
    return max_lane<Half / 2>(value);
  }
}

/// e^x with a relative error below 2e-7: x = n ln 2 + r, a minimax polynomial in r, the exponent bits by n. Below -87
/// the result is 0, above 88 it is that of 88 (never infinite); NaN stays NaN.
RL_INLINE Vec exp(Vec x) {
  constexpr float kLowest = -87.0f, kHighest = 88.0f;
  // Adding 1.5 * 2^23 rounds to an integer and leaves that integer in the low bits.
  constexpr float kRounding = 12582912.0f;
  const Vec clamped = x > kHighest ? broadcast(kHighest) : x < kLowest ? broadcast(kLowest) : x;
  const Vec shifted = clamped * 1.44269504088896341f + kRounding;
  const Vec whole = shifted - kRounding;
  // ln 2 in two parts, the first with few bits, so that whole * part is exact.
  const Vec r = clamped - whole * 0.693359375f - whole * -2.12194440055e-4f;
  Vec polynomial = broadcast(1.381453789e-3f);
  polynomial = polynomial * r + 8.368745320e-3f;
  polynomial = polynomial * r + 4.166839083e-2f;
  polynomial = polynomial * r + 1.666652040e-1f;
  polynomial = polynomial * r + 4.999999343e-1f;
  const Vec mantissa = polynomial * (r * r) + r + 1.0f;
  const IntVec exponent = ((IntVec)shifted - (IntVec)broadcast(kRounding) + 127) << 23;
  const Vec result = mantissa * (Vec)exponent;
  return x < kLowest ? Vec{} : result;
}

/// Runs `body(offset, count)` over 0..n, with FullCount for whole vectors and an int64_t for the remainder.
template <class Body>
RL_INLINE void for_lanes(int64_t n, Body&& body) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) body(i, FullCount{});
  if (i < n) body(i, n - i);
}

/// Transposes a square of kLanes vectors in registers, in log2(kLanes) rounds of exchanging ever larger blocks.
template <int32_t Block = 1>
RL_INLINE void transpose(Vec (&rows)[kLanes]) {
  constexpr int32_t kSecond = kLanes;  // in a shuffle, lanes of the second vector count from here
  static constexpr Pattern kLow =
      Pattern::of([](int32_t lane) { return (lane & Block) != 0 ? kSecond + lane - Block : lane; });
  static constexpr Pattern kHigh =
      Pattern::of([](int32_t lane) { return (lane & Block) != 0 ? kSecond + lane : lane + Block; });
#pragma GCC unroll 16
  for (int32_t row = 0; row < kLanes; ++row) {
    if ((row & Block) != 0) continue;
    const Vec a = rows[row], b = rows[row + Block];
    rows[row] = __builtin_shuffle(a, b, kLow.vector());
    rows[row + Block] = __builtin_shuffle(a, b, kHigh.vector());
  }
  if constexpr (2 * Block < kLanes) transpose<2 * Block>(rows);
}

}  // namespace rl::simd
