#include <memory>

#include "fused/adamw.h"
#include "fused/attention.h"
#include "fused/kv_cache.h"
#include "fused/log_probs.h"
#include "fused/norms.h"
#include "fused/packed_linear.h"
#include "fused/paged_attention.h"
#include "fused/rope.h"
#include "fused/rounding.h"
#include "fused/sampling.h"
#include "fused/swiglu.h"
#include "handle.h"

namespace {

// Handles of one call with several results: all are given out or none.
using Owned = std::unique_ptr<rl_tensor>;

Owned own(at::Tensor tensor) { return Owned(rl::wrap(std::move(tensor))); }

void require_array(const void* data, int64_t count) {
  rl::require(count >= 0 && (data != nullptr || count == 0), "an integer array is null or of negative length");
}

}  // namespace

int32_t rl_fused_rms_norm(const rl_tensor* x, const rl_tensor* weight, double eps, rl_tensor** result) noexcept {
  return rl::guarded([&] { *result = rl::wrap(rl::rms_norm(rl::value(x), rl::value(weight), eps)); });
}

int32_t rl_fused_add_rms_norm(const rl_tensor* x, const rl_tensor* residual, const rl_tensor* weight, double eps,
                              rl_tensor** sum, rl_tensor** normed) noexcept {
  return rl::guarded([&] {
    auto results = rl::add_rms_norm(rl::value(x), rl::value(residual), rl::value(weight), eps);
    Owned first = own(std::get<0>(std::move(results)));
    Owned second = own(std::get<1>(std::move(results)));
    *sum = first.release();
    *normed = second.release();
  });
}

int32_t rl_fused_split_qkv_rope(const rl_tensor* qkv, const rl_tensor* q_norm, const rl_tensor* k_norm, double eps,
                                const rl_tensor* cos, const rl_tensor* sin, const int32_t* positions, int64_t count,
                                int64_t q_heads, int64_t kv_heads, rl_tensor** q, rl_tensor** k,
                                rl_tensor** v) noexcept {
  return rl::guarded([&] {
    require_array(positions, count);
    auto results = rl::split_qkv_rope(rl::value(qkv), rl::optional_value(q_norm), rl::optional_value(k_norm), eps,
                                      rl::value(cos), rl::value(sin), positions, count, q_heads, kv_heads);
    Owned first = own(std::get<0>(std::move(results)));
    Owned second = own(std::get<1>(std::move(results)));
    Owned third = own(std::get<2>(std::move(results)));
    *q = first.release();
    *k = second.release();
    *v = third.release();
  });
}

int32_t rl_fused_swiglu(const rl_tensor* gate_up, rl_tensor** result) noexcept {
  return rl::guarded([&] { *result = rl::wrap(rl::swiglu(rl::value(gate_up))); });
}

int32_t rl_fused_round_bfloat16(const rl_tensor* x, rl_tensor** result) noexcept {
  return rl::guarded([&] { *result = rl::wrap(rl::round_bfloat16(rl::value(x))); });
}

int32_t rl_fused_rounded_linear(const rl_tensor* x, const rl_tensor* weight, const rl_tensor* bias,
                                rl_tensor** result) noexcept {
  return rl::guarded(
      [&] { *result = rl::wrap(rl::rounded_linear(rl::value(x), rl::value(weight), rl::optional_value(bias))); });
}

int32_t rl_fused_pack_linear(const rl_tensor* weight, int32_t rounded, rl_tensor** result) noexcept {
  return rl::guarded([&] { *result = rl::wrap(rl::pack_linear(rl::value(weight), rounded != 0)); });
}

int32_t rl_fused_packed_linear(const rl_tensor* x, const rl_tensor* packed, int64_t outputs, const rl_tensor* bias,
                               rl_tensor** result) noexcept {
  return rl::guarded([&] {
    *result = rl::wrap(rl::packed_linear(rl::value(x), rl::value(packed), outputs, rl::optional_value(bias)));
  });
}

int32_t rl_fused_varlen_attention(const rl_tensor* q, const rl_tensor* k, const rl_tensor* v, const int32_t* cu_seqlens,
                                  const int32_t* prefix_lens, int64_t sequences, double scale,
                                  rl_tensor** result) noexcept {
  return rl::guarded([&] {
    rl::require(cu_seqlens != nullptr && sequences >= 0, "the sequence boundaries are null or of negative length");
    *result = rl::wrap(
        rl::varlen_attention(rl::value(q), rl::value(k), rl::value(v), cu_seqlens, prefix_lens, sequences, scale));
  });
}

int32_t rl_fused_token_log_probs(const rl_tensor* hidden, const rl_tensor* weight, int32_t rounded,
                                 const int64_t* targets, int64_t count, double temperature, int64_t vocabulary,
                                 rl_tensor** log_probs, rl_tensor** entropy) noexcept {
  return rl::guarded([&] {
    require_array(targets, count);
    auto results = rl::token_log_probs(rl::value(hidden), rl::value(weight), rounded != 0, targets, count, temperature,
                                       vocabulary);
    Owned first = own(std::get<0>(std::move(results)));
    Owned second = own(std::get<1>(std::move(results)));
    *log_probs = first.release();
    *entropy = second.release();
  });
}

int32_t rl_kv_write(const rl_tensor* k, const rl_tensor* v, const int32_t* slot_mapping, int64_t count,
                    rl_tensor* k_cache, rl_tensor* v_cache) noexcept {
  return rl::guarded([&] {
    require_array(slot_mapping, count);
    rl::kv_write(rl::value(k), rl::value(v), slot_mapping, count, rl::value(k_cache), rl::value(v_cache));
  });
}

int32_t rl_kv_copy_blocks(rl_tensor* k_cache, rl_tensor* v_cache, const int32_t* source, const int32_t* destination,
                          int64_t count) noexcept {
  return rl::guarded([&] {
    require_array(source, count);
    require_array(destination, count);
    rl::kv_copy_blocks(rl::value(k_cache), rl::value(v_cache), source, destination, count);
  });
}

int32_t rl_paged_attention(const rl_tensor* q, const rl_tensor* k_cache, const rl_tensor* v_cache,
                           const int32_t* block_tables, int64_t sequences, int64_t stride,
                           const int32_t* sequence_of_token, const int32_t* positions, int64_t count, double scale,
                           rl_tensor** result) noexcept {
  return rl::guarded([&] {
    rl::require(sequences >= 0 && stride >= 0, "the block tables have a negative size");
    require_array(block_tables, sequences * stride);
    require_array(sequence_of_token, count);
    require_array(positions, count);
    *result = rl::wrap(rl::paged_attention(rl::value(q), rl::value(k_cache), rl::value(v_cache), block_tables,
                                           sequences, stride, sequence_of_token, positions, count, scale));
  });
}

int32_t rl_sample(const rl_tensor* logits, const rl_sample_request* request, int32_t* token_ids, float* log_probs,
                  const rl_top_tokens* top) noexcept {
  return rl::guarded([&] {
    const int64_t count = request->count;
    for (const void* array : {static_cast<const void*>(request->rows), static_cast<const void*>(request->temperature),
                              static_cast<const void*>(request->top_k), static_cast<const void*>(request->top_p),
                              static_cast<const void*>(request->min_p), static_cast<const void*>(request->uniform),
                              static_cast<const void*>(token_ids), static_cast<const void*>(log_probs)}) {
      require_array(array, count);
    }
    for (const void* array : {static_cast<const void*>(top->token_ids), static_cast<const void*>(top->probabilities),
                              static_cast<const void*>(top->log_probs)}) {
      require_array(array, count * request->top_count);
    }
    const rl::SampleRequest wanted{request->rows,  request->temperature, request->top_k,
                                   request->top_p, request->min_p,       request->uniform,
                                   count,          request->vocabulary,  request->top_count};
    rl::sample(rl::value(logits), wanted, token_ids, log_probs,
               rl::TopTokens{top->token_ids, top->probabilities, top->log_probs});
  });
}

int32_t rl_adamw_step(rl_tensor* const* parameters, rl_tensor* const* exp_avg, rl_tensor* const* exp_avg_sq,
                      const uint8_t* decay, int64_t count, const rl_adamw_options* options, double* grad_norm,
                      int32_t* applied) noexcept {
  return rl::guarded([&] {
    require_array(decay, count);
    std::vector<at::Tensor> values = rl::values(parameters, count);
    std::vector<at::Tensor> first_moments = rl::values(exp_avg, count);
    std::vector<at::Tensor> second_moments = rl::values(exp_avg_sq, count);
    std::vector<at::Tensor> gradients;
    gradients.reserve(values.size());
    for (const at::Tensor& value : values) {
      gradients.push_back(value.grad());
    }
    const rl::AdamWOptions wanted{options->learning_rate, options->beta1,         options->beta2, options->epsilon,
                                  options->weight_decay,  options->max_grad_norm, options->step};
    double norm = 0;
    bool stepped = false;
    rl::adamw_step(values, gradients, first_moments, second_moments, std::vector<uint8_t>(decay, decay + count), wanted,
                   &norm, &stepped);
    *grad_norm = norm;
    *applied = stepped ? 1 : 0;
  });
}
