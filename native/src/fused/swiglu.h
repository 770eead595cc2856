#pragma once

#include <ATen/ATen.h>

namespace rl {

/// The gated activation of Llama-style feed-forward blocks (Shazeer 2020): silu(gate) * up, where row n of `gate_up`
/// [N, 2F] is the F gates followed by the F ups. Returns [N, F]; differentiable, keeping only its input.
at::Tensor swiglu(const at::Tensor& gate_up);

}  // namespace rl
