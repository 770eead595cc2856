#include "rope.h"

#include <torch/csrc/autograd/custom_function.h>

#include "checks.h"
#include "norm_rows.h"
#include "partition.h"

namespace rl {
namespace {

using simd::Vec;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Turns the pair (x[d], x[d + half]) by the angle of d: (a c - b s, b c + a s). `direction` -1 turns back, which is
/// also the gradient, since a rotation's transpose is its inverse.
RL_INLINE void rotate(const float* x, const float* cos, const float* sin, int64_t half, float direction, float* y) {
  simd::for_lanes(half, [&](int64_t i, auto count) {
    const Vec a = simd::load(x + i, count), b = simd::load(x + half + i, count);
    const Vec c = simd::load(cos + i, count), s = simd::load(sin + i, count) * direction;
    simd::store(y + i, a * c - b * s, count);
    simd::store(y + half + i, b * c + a * s, count);
  });
}

RL_INLINE void copy(const float* from, int64_t count, float* to) { std::memcpy(to, from, count * sizeof(float)); }

/// What both passes need of one call: sizes, tables, and per head group where it starts in a row and its norm weight.
struct Projection {
  int64_t heads[2];
  int64_t head_size;
  const float* norm[2];
  const float* cos;
  const float* sin;
  const int32_t* positions;

  int64_t row_width() const { return (heads[0] + 2 * heads[1]) * head_size; }
  int64_t start(int group) const { return group == 0 ? 0 : heads[0] * head_size; }
  int64_t value_start() const { return (heads[0] + heads[1]) * head_size; }
  int64_t value_width() const { return heads[1] * head_size; }
};

Projection projection_of(const at::Tensor& q_norm, const at::Tensor& k_norm, const at::Tensor& cos,
                         const at::Tensor& sin, const at::Tensor& positions, int64_t q_heads, int64_t kv_heads) {
  return {
      {q_heads, kv_heads},
      2 * cos.size(1),
      {q_norm.defined() ? q_norm.data_ptr<float>() : nullptr, k_norm.defined() ? k_norm.data_ptr<float>() : nullptr},
      cos.data_ptr<float>(),
      sin.data_ptr<float>(),
      positions.data_ptr<int32_t>()};
}

/// One token forward. `inverse_rms` has one entry per head of queries, then of keys.
void forward_row(const Projection& p, int64_t row, const float* in, float eps, float* const (&out)[3],
                 float* inverse_rms, float* scratch) {
  const int64_t half = p.head_size / 2, turn = p.positions[row] * half;
  for (int group = 0; group < 2; ++group) {
    for (int64_t head = 0; head < p.heads[group]; ++head) {
      const float* x = in + p.start(group) + head * p.head_size;
      if (p.norm[group] != nullptr) {
        float& r = inverse_rms[group * p.heads[0] + head];
        r = norm_rows::inverse_rms(x, p.head_size, eps);
        norm_rows::apply(x, p.norm[group], r, p.head_size, scratch);
        x = scratch;
      }
      rotate(x, p.cos + turn, p.sin + turn, half, 1.0f, out[group] + (row * p.heads[group] + head) * p.head_size);
    }
  }
  copy(in + p.value_start(), p.value_width(), out[2] + row * p.value_width());
}

/// One token backward: turns the gradients back, goes through the norms, adds to the norm weights' partial sums.
void backward_row(const Projection& p, int64_t row, const float* in, const float* const (&gradient)[3],
                  const float* inverse_rms, float* d_in, float* const (&d_norm)[2], float* scratch) {
  const int64_t half = p.head_size / 2, turn = p.positions[row] * half;
  for (int group = 0; group < 2; ++group) {
    for (int64_t head = 0; head < p.heads[group]; ++head) {
      const int64_t at = p.start(group) + head * p.head_size;
      const float* dy = gradient[group] + (row * p.heads[group] + head) * p.head_size;
      const bool normed = p.norm[group] != nullptr;
      rotate(dy, p.cos + turn, p.sin + turn, half, -1.0f, normed ? scratch : d_in + at);
      if (normed) {
        norm_rows::backward(in + at, p.norm[group], scratch, nullptr, inverse_rms[group * p.heads[0] + head],
                            p.head_size, d_in + at, d_norm[group]);
      }
    }
  }
  copy(gradient[2] + row * p.value_width(), p.value_width(), d_in + p.value_start());
}

struct SplitQkvRope : torch::autograd::Function<SplitQkvRope> {
  static variable_list forward(AutogradContext* context, const at::Tensor& qkv,
                               const compat::optional<at::Tensor>& q_weight,
                               const compat::optional<at::Tensor>& k_weight, double eps, const at::Tensor& cos,
                               const at::Tensor& sin, const at::Tensor& positions, int64_t q_heads, int64_t kv_heads) {
    const at::Tensor q_norm = q_weight.value_or(at::Tensor()), k_norm = k_weight.value_or(at::Tensor());
    const Projection p = projection_of(q_norm, k_norm, cos, sin, positions, q_heads, kv_heads);
    const int64_t rows = qkv.size(0), width = p.row_width(), heads = q_heads + kv_heads;
    variable_list results = {at::empty({rows, q_heads, p.head_size}, qkv.options()),
                             at::empty({rows, kv_heads, p.head_size}, qkv.options()),
                             at::empty({rows, kv_heads, p.head_size}, qkv.options())};
    const bool normed = q_norm.defined() || k_norm.defined();
    at::Tensor inverse_rms = at::empty({normed ? rows * heads : 0}, qkv.options());
    const float* in = qkv.data_ptr<float>();
    float* const out[3] = {results[0].data_ptr<float>(), results[1].data_ptr<float>(), results[2].data_ptr<float>()};
    float* scale = inverse_rms.data_ptr<float>();
    at::parallel_for(0, rows, row_grain(width), [&](int64_t first, int64_t last) {
      std::vector<float> scratch(p.head_size);
      for (int64_t row = first; row < last; ++row) {
        forward_row(p, row, in + row * width, static_cast<float>(eps), out, normed ? scale + row * heads : nullptr,
                    scratch.data());
      }
    });
    context->save_for_backward({normed ? qkv : at::Tensor(), q_norm, k_norm, inverse_rms, cos, sin, positions});
    context->saved_data["q_heads"] = q_heads;
    context->saved_data["kv_heads"] = kv_heads;
    return results;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &qkv = saved[0], &q_norm = saved[1], &k_norm = saved[2];
    const Projection p = projection_of(q_norm, k_norm, saved[4], saved[5], saved[6],
                                       context->saved_data["q_heads"].toInt(), context->saved_data["kv_heads"].toInt());
    for (at::Tensor& gradient : gradients) gradient = gradient.contiguous();
    const int64_t rows = saved[6].size(0), width = p.row_width(), heads = p.heads[0] + p.heads[1];
    const RowBlocks blocks(rows, width);
    at::Tensor d_qkv = at::empty({rows, width}, gradients[0].options());
    at::Tensor partial = at::zeros({2, blocks.count(), p.head_size}, gradients[0].options());
    const float* in = qkv.defined() ? qkv.data_ptr<float>() : nullptr;
    const float* scale = saved[3].data_ptr<float>();
    const float* const dy[3] = {gradients[0].data_ptr<float>(), gradients[1].data_ptr<float>(),
                                gradients[2].data_ptr<float>()};
    float* d_in = d_qkv.data_ptr<float>();
    float* sums = partial.data_ptr<float>();
    blocks.for_each([&](int64_t block, int64_t first, int64_t last) {
      std::vector<float> scratch(p.head_size);
      float* const d_norm[2] = {sums + block * p.head_size, sums + (blocks.count() + block) * p.head_size};
      for (int64_t row = first; row < last; ++row) {
        backward_row(p, row, in == nullptr ? nullptr : in + row * width, dy,
                     in == nullptr ? nullptr : scale + row * heads, d_in + row * width, d_norm, scratch.data());
      }
    });
    const at::Tensor d_norms = partial.sum(1), none;
    return {
        d_qkv, q_norm.defined() ? d_norms[0] : none, k_norm.defined() ? d_norms[1] : none, none, none, none, none, none,
        none};
  }
};

/// An absent weight may come as no tensor or as an undefined one; autograd only takes the former.
compat::optional<at::Tensor> checked_norm(const compat::optional<at::Tensor>& norm, const char* name,
                                          int64_t head_size) {
  if (!norm.has_value() || !norm->defined()) return {};
  check_tensor(*norm, "split_qkv_rope", name, 1);
  check_size(*norm, "split_qkv_rope", name, 0, head_size);
  return *norm;
}

}  // namespace

std::tuple<at::Tensor, at::Tensor, at::Tensor> split_qkv_rope(const at::Tensor& qkv,
                                                              const compat::optional<at::Tensor>& q_norm,
                                                              const compat::optional<at::Tensor>& k_norm, double eps,
                                                              const at::Tensor& cos, const at::Tensor& sin,
                                                              const int32_t* positions, int64_t n, int64_t q_heads,
                                                              int64_t kv_heads) {
  constexpr const char* kName = "split_qkv_rope";
  check_tensor(qkv, kName, "qkv", 2);
  check_tensor(cos, kName, "cos", 2);
  check_tensor(sin, kName, "sin", 2);
  TORCH_CHECK(q_heads > 0 && kv_heads > 0, kName, ": head counts must be positive, got ", q_heads, " and ", kv_heads);
  const int64_t head_size = 2 * cos.size(1);
  check_size(qkv, kName, "qkv", 0, n);
  check_size(qkv, kName, "qkv", 1, (q_heads + 2 * kv_heads) * head_size);
  check_size(sin, kName, "sin", 0, cos.size(0));
  check_size(sin, kName, "sin", 1, cos.size(1));
  for (int64_t i = 0; i < n; ++i) {
    TORCH_CHECK(positions[i] >= 0 && positions[i] < cos.size(0), kName, ": position ", positions[i], " of token ", i,
                " is outside the rotation tables, which have ", cos.size(0), " rows");
  }
  const variable_list results =
      SplitQkvRope::apply(qkv, checked_norm(q_norm, "q_norm", head_size), checked_norm(k_norm, "k_norm", head_size),
                          eps, cos, sin, copy_integers(positions, n), q_heads, kv_heads);
  return {results[0], results[1], results[2]};
}

}  // namespace rl
