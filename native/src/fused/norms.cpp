#include "norms.h"

#include <torch/csrc/autograd/custom_function.h>

#include "checks.h"
#include "norm_rows.h"
#include "partition.h"

namespace rl {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Normalises every row of x; where `residual` is given, first writes x + residual to `sum` and normalises that.
void norm_forward(const at::Tensor& x, const at::Tensor* residual, const at::Tensor& weight, double eps,
                  at::Tensor* sum, at::Tensor& y, at::Tensor& inverse_rms) {
  const int64_t rows = x.size(0), width = x.size(1);
  const float* in = x.data_ptr<float>();
  const float* added = residual == nullptr ? nullptr : residual->data_ptr<float>();
  float* total = sum == nullptr ? nullptr : sum->data_ptr<float>();
  const float* w = weight.data_ptr<float>();
  float* out = y.data_ptr<float>();
  float* scale = inverse_rms.data_ptr<float>();
  at::parallel_for(0, rows, row_grain(width), [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; ++row) {
      const float* source = in + row * width;
      if (added != nullptr) {
        simd::for_lanes(width, [&](int64_t i, auto count) {
          const int64_t at = row * width + i;
          simd::store(total + at, simd::load(in + at, count) + simd::load(added + at, count), count);
        });
        source = total + row * width;
      }
      scale[row] = norm_rows::inverse_rms(source, width, static_cast<float>(eps));
      norm_rows::apply(source, w, scale[row], width, out + row * width);
    }
  });
}

/// Gradients of the normalised input (plus `extra`, the gradient that reaches it directly) and of the weight.
std::tuple<at::Tensor, at::Tensor> norm_backward(const at::Tensor& x, const at::Tensor& weight,
                                                 const at::Tensor& inverse_rms, const at::Tensor& dy,
                                                 const at::Tensor* extra) {
  const int64_t rows = x.size(0), width = x.size(1);
  const RowBlocks blocks(rows, width);
  at::Tensor dx = at::empty_like(x);
  at::Tensor partial = at::zeros({blocks.count(), width}, x.options());
  const float* in = x.data_ptr<float>();
  const float* w = weight.data_ptr<float>();
  const float* scale = inverse_rms.data_ptr<float>();
  const float* gradient = dy.data_ptr<float>();
  const float* direct = extra == nullptr ? nullptr : extra->data_ptr<float>();
  float* out = dx.data_ptr<float>();
  float* d_weight = partial.data_ptr<float>();
  blocks.for_each([&](int64_t block, int64_t first, int64_t last) {
    for (int64_t row = first; row < last; ++row) {
      const int64_t at = row * width;
      norm_rows::backward(in + at, w, gradient + at, direct == nullptr ? nullptr : direct + at, scale[row], width,
                          out + at, d_weight + block * width);
    }
  });
  return {dx, partial.sum(0)};
}

struct RmsNorm : torch::autograd::Function<RmsNorm> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, double eps) {
    at::Tensor y = at::empty_like(x);
    at::Tensor inverse_rms = at::empty({x.size(0)}, x.options());
    norm_forward(x, nullptr, weight, eps, nullptr, y, inverse_rms);
    context->save_for_backward({x, weight, inverse_rms});
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    auto [dx, d_weight] = norm_backward(saved[0], saved[1], saved[2], gradients[0].contiguous(), nullptr);
    return {dx, d_weight, at::Tensor()};
  }
};

struct AddRmsNorm : torch::autograd::Function<AddRmsNorm> {
  static variable_list forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& residual,
                               const at::Tensor& weight, double eps) {
    at::Tensor sum = at::empty_like(x), y = at::empty_like(x);
    at::Tensor inverse_rms = at::empty({x.size(0)}, x.options());
    norm_forward(x, &residual, weight, eps, &sum, y, inverse_rms);
    context->save_for_backward({sum, weight, inverse_rms});
    return {sum, y};
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor direct = gradients[0].contiguous();
    auto [dx, d_weight] = norm_backward(saved[0], saved[1], saved[2], gradients[1].contiguous(), &direct);
    return {dx, dx, d_weight, at::Tensor()};
  }
};

void check_norm(const char* operation, const at::Tensor& x, const at::Tensor& weight) {
  check_tensor(x, operation, "x", 2);
  check_tensor(weight, operation, "weight", 1);
  check_size(weight, operation, "weight", 0, x.size(1));
}

}  // namespace

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  check_norm("rms_norm", x, weight);
  return RmsNorm::apply(x, weight, eps);
}

std::tuple<at::Tensor, at::Tensor> add_rms_norm(const at::Tensor& x, const at::Tensor& residual,
                                                const at::Tensor& weight, double eps) {
  check_norm("add_rms_norm", x, weight);
  check_tensor(residual, "add_rms_norm", "residual", 2);
  check_size(residual, "add_rms_norm", "residual", 0, x.size(0));
  check_size(residual, "add_rms_norm", "residual", 1, x.size(1));
  const variable_list results = AddRmsNorm::apply(x, residual, weight, eps);
  return {results[0], results[1]};
}

}  // namespace rl
