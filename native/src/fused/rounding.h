#pragma once

#include <ATen/ATen.h>

#include "compat.h"

namespace rl {

/// Training in bfloat16 on the CPU: parameters are float32 (the master copy that the optimizer writes), every use of
/// one reads it rounded to bfloat16, to the nearest and to even at ties, and arithmetic is float32. A parameter that is
/// not trained is kept as bfloat16 and widened. Gradients pass the rounding unchanged and reach the master in float32.

/// A weight's values as they are computed with, in a float32 tensor of their own; without a gradient.
at::Tensor rounded_values(const at::Tensor& weight);

/// The same with the gradient passed through, for vectors and rows.
at::Tensor round_bfloat16(const at::Tensor& x);

/// x W^T + bias for x [M, K], W [N, K], bias [N] as they are computed with: [M, N]. W's float32 values live during the
/// call and once more during its gradient's, not between.
at::Tensor rounded_linear(const at::Tensor& x, const at::Tensor& weight, const compat::optional<at::Tensor>& bias);

/// Rejects what is not a contiguous CPU matrix of float32 or bfloat16.
void check_weight(const at::Tensor& weight, const char* operation, int64_t rank);

}  // namespace rl
