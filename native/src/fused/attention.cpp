#include "attention.h"

#include <torch/csrc/autograd/custom_function.h>

#include "attention_task.h"
#include "checks.h"
#include "partition.h"

namespace rl {
namespace {

using attention::Shape;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr const char* kName = "varlen_attention";

/// Runs `body(start, length, kv_head, scratch)` once for each sequence and key head, balanced over the threads. A
/// task costs its length squared by the group's heads, plus packing.
template <class Body>
void for_each_task(const Shape& shape, const at::Tensor& cu_seqlens, int64_t (*scratch_size)(const Shape&, int64_t),
                   Body&& body) {
  const int32_t* starts = cu_seqlens.data_ptr<int32_t>();
  const int64_t tasks = (cu_seqlens.numel() - 1) * shape.kv_heads;
  std::vector<int64_t> costs(tasks + 1, 0);
  for (int64_t task = 0; task < tasks; ++task) {
    const int64_t length = starts[task / shape.kv_heads + 1] - starts[task / shape.kv_heads];
    costs[task + 1] = costs[task] + length * (length + 32) * shape.group() * shape.head_size;
  }
  parallel_balanced(costs, 1 << 18, [&](int64_t, int64_t first, int64_t last) {
    int64_t longest = 0;
    for (int64_t s = first / shape.kv_heads; s <= (last - 1) / shape.kv_heads; ++s) {
      longest = std::max<int64_t>(longest, starts[s + 1] - starts[s]);
    }
    if (longest == 0) return;
    const at::Tensor scratch = at::empty({scratch_size(shape, longest)}, at::kFloat);
    for (int64_t task = first; task < last; ++task) {
      const int64_t start = starts[task / shape.kv_heads], length = starts[task / shape.kv_heads + 1] - start;
      if (length > 0) body(start, length, task % shape.kv_heads, scratch.data_ptr<float>());
    }
  });
}

struct VarlenAttention : torch::autograd::Function<VarlenAttention> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            const at::Tensor& cu_seqlens, double scale) {
    const Shape shape{q.size(1), k.size(1), q.size(2), static_cast<float>(scale)};
    const int64_t tokens = q.size(0), q_row = shape.q_heads * shape.head_size,
                  kv_row = shape.kv_heads * shape.head_size;
    at::Tensor out = at::empty({tokens, q_row}, q.options());
    at::Tensor normalisers = at::empty({shape.q_heads, tokens, 2}, q.options());
    const float *qp = q.data_ptr<float>(), *kp = k.data_ptr<float>(), *vp = v.data_ptr<float>();
    float *op = out.data_ptr<float>(), *np = normalisers.data_ptr<float>();
    for_each_task(
        shape, cu_seqlens, attention::forward_scratch,
        [&](int64_t start, int64_t length, int64_t kv_head, float* scratch) {
          const int64_t head = kv_head * shape.group();
          const int64_t q_at = start * q_row + head * shape.head_size;
          const int64_t kv_at = start * kv_row + kv_head * shape.head_size;
          attention::forward(
              shape, {length, qp + q_at, kp + kv_at, vp + kv_at, op + q_at, np + 2 * (head * tokens + start), tokens},
              scratch);
        });
    context->save_for_backward({q, k, v, out, normalisers, cu_seqlens});
    context->saved_data["scale"] = scale;
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &q = saved[0], &k = saved[1], &v = saved[2];
    const at::Tensor gradient = gradients[0].contiguous();
    const Shape shape{q.size(1), k.size(1), q.size(2), static_cast<float>(context->saved_data["scale"].toDouble())};
    const int64_t tokens = q.size(0), q_row = shape.q_heads * shape.head_size,
                  kv_row = shape.kv_heads * shape.head_size;
    at::Tensor dq = at::empty_like(q), dk = at::empty_like(k), dv = at::empty_like(v);
    const float *qp = q.data_ptr<float>(), *kp = k.data_ptr<float>(), *vp = v.data_ptr<float>();
    const float *op = saved[3].data_ptr<float>(), *np = saved[4].data_ptr<float>(), *gp = gradient.data_ptr<float>();
    float *dqp = dq.data_ptr<float>(), *dkp = dk.data_ptr<float>(), *dvp = dv.data_ptr<float>();
    for_each_task(shape, saved[5], attention::backward_scratch,
                  [&](int64_t start, int64_t length, int64_t kv_head, float* scratch) {
                    const int64_t head = kv_head * shape.group();
                    const int64_t q_at = start * q_row + head * shape.head_size;
                    const int64_t kv_at = start * kv_row + kv_head * shape.head_size;
                    attention::backward(
                        shape,
                        {length, qp + q_at, kp + kv_at, vp + kv_at, op + q_at, gp + q_at,
                         np + 2 * (head * tokens + start), tokens, dqp + q_at, dkp + kv_at, dvp + kv_at},
                        scratch);
                  });
    return {dq, dk, dv, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor varlen_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const int32_t* cu_seqlens,
                            int64_t s, double scale) {
  check_tensor(q, kName, "q", 3);
  check_tensor(k, kName, "k", 3);
  check_tensor(v, kName, "v", 3);
  const int64_t tokens = q.size(0);
  for (const auto& [tensor, name] : {std::make_pair(&k, "k"), std::make_pair(&v, "v")}) {
    check_size(*tensor, kName, name, 0, tokens);
    check_size(*tensor, kName, name, 1, k.size(1));
    check_size(*tensor, kName, name, 2, q.size(2));
  }
  TORCH_CHECK(k.size(1) > 0 && q.size(1) > 0 && q.size(1) % k.size(1) == 0, kName, ": ", q.size(1),
              " query heads are not a multiple of ", k.size(1), " key heads");
  TORCH_CHECK(scale > 0.0, kName, ": scale must be positive, got ", scale);
  TORCH_CHECK(s >= 0, kName, ": a negative number of sequences, ", s);
  TORCH_CHECK(cu_seqlens[0] == 0 && cu_seqlens[s] == tokens, kName, ": cu_seqlens runs from ", cu_seqlens[0], " to ",
              cu_seqlens[s], ", expected 0 to the number of tokens, ", tokens);
  for (int64_t i = 0; i < s; ++i) {
    TORCH_CHECK(cu_seqlens[i] <= cu_seqlens[i + 1], kName, ": cu_seqlens falls after entry ", i, ", from ",
                cu_seqlens[i], " to ", cu_seqlens[i + 1]);
  }
  return VarlenAttention::apply(q, k, v, copy_integers(cu_seqlens, s + 1), scale);
}

}  // namespace rl
