#pragma once

#include <ATen/ATen.h>

#include <tuple>

namespace rl {

/// Root mean square normalisation (Zhang & Sennrich 2019): y = x / sqrt(mean(x^2) + eps) * weight, row by row.
/// x [N, D], weight [D] -> [N, D], differentiable in both. One pass over x; backward reads x and dy once and keeps
/// 1/rms [N] beside the inputs. Results do not depend on the number of threads.
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps);

/// The residual addition and the normalisation after it in one pass: (sum = x + residual, rms_norm(sum)).
/// x, residual [N, D], weight [D] -> two tensors [N, D], differentiable in all three inputs through both results.
std::tuple<at::Tensor, at::Tensor> add_rms_norm(const at::Tensor& x, const at::Tensor& residual,
                                                const at::Tensor& weight, double eps);

}  // namespace rl
