#include "attention.h"

#include <torch/csrc/autograd/custom_function.h>

#include "attention_task.h"
#include "checks.h"
#include "partition.h"

namespace rl {
namespace {

using attention::Shape;
using attention::Tree;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr const char* kName = "varlen_attention";

/// The runs of a call cut into trees, each with what its attention costs.
struct Forest {
  std::vector<Tree> trees;
  std::vector<int64_t> costs;

  Forest(const at::Tensor& runs, const Shape& shape) {
    const int64_t count = runs.size(1) - 1;
    const int32_t *starts = runs.data_ptr<int32_t>(), *prefixes = starts + count + 1;
    for (int64_t run = 0; run < count; ++run) {
      const int64_t length = starts[run + 1] - starts[run], path = prefixes[run] + length;
      if (prefixes[run] == 0) {
        trees.push_back({starts + run, prefixes + run, 0, 0});
        costs.push_back(0);
      }
      Tree& tree = trees.back();
      ++tree.runs;
      tree.longest_path = std::max(tree.longest_path, path);
      costs.back() += length * (path + 32) * shape.group() * shape.head_size;
    }
  }
};

/// Runs `body(tree, kv_head, path, scratch)` once for each tree and key head, balanced over the threads. A tree's cost
/// is that of its tokens by the paths they see, by the group's heads, plus packing.
template <class Body>
void for_each_task(const Shape& shape, const at::Tensor& runs, int64_t (*scratch_size)(const Shape&, int64_t),
                   Body&& body) {
  const Forest forest(runs, shape);
  const int64_t tasks = static_cast<int64_t>(forest.trees.size()) * shape.kv_heads;
  std::vector<int64_t> costs(tasks + 1, 0);
  for (int64_t task = 0; task < tasks; ++task) costs[task + 1] = costs[task] + forest.costs[task / shape.kv_heads];
  parallel_balanced(costs, 1 << 18, [&](int64_t, int64_t first, int64_t last) {
    int64_t longest = 0;
    for (int64_t t = first / shape.kv_heads; t <= (last - 1) / shape.kv_heads; ++t) {
      longest = std::max(longest, forest.trees[t].longest_path);
    }
    if (longest == 0) return;
    const at::Tensor scratch = at::empty({scratch_size(shape, longest)}, at::kFloat);
    const at::Tensor path = at::empty({longest}, at::kInt);
    for (int64_t task = first; task < last; ++task) {
      body(forest.trees[task / shape.kv_heads], task % shape.kv_heads, path.data_ptr<int32_t>(),
           scratch.data_ptr<float>());
    }
  });
}

/// `runs` [2, S + 1]: where the runs start, and the prefixes they continue (the last entry of the second row unused).
struct VarlenAttention : torch::autograd::Function<VarlenAttention> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            const at::Tensor& runs, double scale) {
    const Shape shape{q.size(1), k.size(1), q.size(2), static_cast<float>(scale)};
    const int64_t tokens = q.size(0);
    at::Tensor out = at::empty({tokens, shape.q_heads * shape.head_size}, q.options());
    at::Tensor normalisers = at::empty({shape.q_heads, tokens, 2}, q.options());
    const float *qp = q.data_ptr<float>(), *kp = k.data_ptr<float>(), *vp = v.data_ptr<float>();
    float *op = out.data_ptr<float>(), *np = normalisers.data_ptr<float>();
    for_each_task(shape, runs, attention::forward_scratch,
                  [&](const Tree& tree, int64_t kv_head, int32_t* path, float* scratch) {
                    const int64_t head = kv_head * shape.group();
                    const int64_t q_at = head * shape.head_size, kv_at = kv_head * shape.head_size;
                    attention::forward(shape, tree,
                                       {qp + q_at, kp + kv_at, vp + kv_at, op + q_at, np + 2 * head * tokens, tokens},
                                       path, scratch);
                  });
    context->save_for_backward({q, k, v, out, normalisers, runs});
    context->saved_data["scale"] = scale;
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &q = saved[0], &k = saved[1], &v = saved[2];
    const at::Tensor gradient = gradients[0].contiguous();
    const Shape shape{q.size(1), k.size(1), q.size(2), static_cast<float>(context->saved_data["scale"].toDouble())};
    const int64_t tokens = q.size(0);
    at::Tensor dq = at::empty_like(q), dk = at::empty_like(k), dv = at::empty_like(v);
    const float *qp = q.data_ptr<float>(), *kp = k.data_ptr<float>(), *vp = v.data_ptr<float>();
    const float *op = saved[3].data_ptr<float>(), *np = saved[4].data_ptr<float>(), *gp = gradient.data_ptr<float>();
    float *dqp = dq.data_ptr<float>(), *dkp = dk.data_ptr<float>(), *dvp = dv.data_ptr<float>();
    for_each_task(shape, saved[5], attention::backward_scratch,
                  [&](const Tree& tree, int64_t kv_head, int32_t* path, float* scratch) {
                    const int64_t head = kv_head * shape.group();
                    const int64_t q_at = head * shape.head_size, kv_at = kv_head * shape.head_size;
                    attention::backward(shape, tree,
                                        {qp + q_at, kp + kv_at, vp + kv_at, op + q_at, gp + q_at,
                                         np + 2 * head * tokens, tokens, dqp + q_at, dkp + kv_at, dvp + kv_at},
                                        path, scratch);
                  });
    return {dq, dk, dv, at::Tensor(), at::Tensor()};
  }
};

/// Checks the runs and copies them, with no prefixes where `prefixes` is null.
at::Tensor checked_runs(const int32_t* cu_seqlens, const int32_t* prefixes, int64_t s, int64_t tokens) {
  TORCH_CHECK(s >= 0, kName, ": a negative number of sequences, ", s);
  TORCH_CHECK(cu_seqlens[0] == 0 && cu_seqlens[s] == tokens, kName, ": cu_seqlens runs from ", cu_seqlens[0], " to ",
              cu_seqlens[s], ", expected 0 to the number of tokens, ", tokens);
  at::Tensor runs = at::zeros({2, s + 1}, at::kInt);
  int32_t *starts = runs.data_ptr<int32_t>(), *shared = starts + s + 1;
  std::copy_n(cu_seqlens, s + 1, starts);
  if (prefixes != nullptr) std::copy_n(prefixes, s, shared);
  int64_t path = 0;
  for (int64_t i = 0; i < s; ++i) {
    TORCH_CHECK(starts[i] <= starts[i + 1], kName, ": cu_seqlens falls after entry ", i, ", from ", starts[i], " to ",
                starts[i + 1]);
    TORCH_CHECK(shared[i] >= 0 && shared[i] <= path, kName, ": sequence ", i, " shares ", shared[i],
                " tokens with the ", path, " of the sequence before it");
    path = shared[i] + starts[i + 1] - starts[i];
  }
  return runs;
}

}  // namespace

at::Tensor varlen_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const int32_t* cu_seqlens,
                            const int32_t* prefix_lens, int64_t s, double scale) {
  check_tensor(q, kName, "q", 3);
  check_tensor(k, kName, "k", 3);
  check_tensor(v, kName, "v", 3);
  const int64_t tokens = q.size(0);
  const auto check_like_keys = [&](const at::Tensor& tensor, const char* name) {
    check_size(tensor, kName, name, 0, tokens);
    check_size(tensor, kName, name, 1, k.size(1));
    check_size(tensor, kName, name, 2, q.size(2));
  };
  check_like_keys(k, "k");
  check_like_keys(v, "v");
  TORCH_CHECK(k.size(1) > 0 && q.size(1) > 0 && q.size(1) % k.size(1) == 0, kName, ": ", q.size(1),
              " query heads are not a multiple of ", k.size(1), " key heads");
  TORCH_CHECK(scale > 0.0, kName, ": scale must be positive, got ", scale);
  return VarlenAttention::apply(q, k, v, checked_runs(cu_seqlens, prefix_lens, s, tokens), scale);
}

}  // namespace rl
