#pragma once

#include <ATen/ATen.h>

#include "compat.h"

namespace rl {

/// A weight [N, K] in the order in which `packed_linear` reads it: panels of as many outputs as the registers hold,
/// [P, K, W] with zeros past N. A copy: it is made again when the weight has changed. With `rounded` it is bfloat16
/// (see rounding.h), half as large.
at::Tensor pack_linear(const at::Tensor& weight, bool rounded);

/// x W^T + bias for x [M, K] and a packed W of N outputs: [M, N], without a gradient. Beside a general matrix product
/// it need not rearrange the weight at each call, which is most of the work when M is small. An output is one chain of
/// multiply-adds over K whatever M is, so a row does not depend on the rows computed beside it.
at::Tensor packed_linear(const at::Tensor& x, const at::Tensor& packed, int64_t outputs,
                         const compat::optional<at::Tensor>& bias);

}  // namespace rl
