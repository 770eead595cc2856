#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace rl {

/// The numbers of one AdamW step. `step` counts from 1; `max_grad_norm` <= 0 means no clipping.
struct AdamWOptions {
  double learning_rate, beta1, beta2, epsilon, weight_decay, max_grad_norm;
  int64_t step;
};

/// Clips all gradients by their global norm and steps all parameters by AdamW (Loshchilov & Hutter 2019).
///
/// Parameters, gradients and both moments are parallel lists of contiguous float32 CPU tensors of equal sizes; an
/// undefined gradient counts as zero. Weight decay, decoupled from the gradient, applies where decay[i] != 0. The
/// gradients are read, never written. `*grad_norm` is the norm before clipping; where it is not finite nothing changes
/// and `*applied` is false. One pass reads the gradients, one updates: 28 bytes of memory traffic an element. The norm
/// is summed over blocks of fixed size in a fixed order, so results do not depend on the number of threads.
void adamw_step(std::vector<at::Tensor>& params, std::vector<at::Tensor>& grads, std::vector<at::Tensor>& exp_avg,
                std::vector<at::Tensor>& exp_avg_sq, const std::vector<uint8_t>& decay, const AdamWOptions& options,
                double* grad_norm, bool* applied);

}  // namespace rl
