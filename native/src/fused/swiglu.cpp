#include "swiglu.h"

#include <torch/csrc/autograd/custom_function.h>

#include "checks.h"
#include "partition.h"
#include "vector.h"

namespace rl {
namespace {

using simd::Vec;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

RL_INLINE Vec sigmoid(Vec x) { return 1.0f / (1.0f + simd::exp(-x)); }

struct SwiGlu : torch::autograd::Function<SwiGlu> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& gate_up) {
    const int64_t rows = gate_up.size(0), width = gate_up.size(1) / 2;
    at::Tensor result = at::empty({rows, width}, gate_up.options());
    const float* in = gate_up.data_ptr<float>();
    float* out = result.data_ptr<float>();
    at::parallel_for(0, rows, row_grain(2 * width), [&](int64_t first, int64_t last) {
      for (int64_t row = first; row < last; ++row) {
        const float* gate = in + row * 2 * width;
        simd::for_lanes(width, [&](int64_t i, auto count) {
          const Vec g = simd::load(gate + i, count);
          simd::store(out + row * width + i, g * sigmoid(g) * simd::load(gate + width + i, count), count);
        });
      }
    });
    context->save_for_backward({gate_up});
    return result;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::Tensor gate_up = context->get_saved_variables()[0];
    const at::Tensor gradient = gradients[0].contiguous();
    const int64_t rows = gate_up.size(0), width = gate_up.size(1) / 2;
    at::Tensor result = at::empty_like(gate_up);
    const float* in = gate_up.data_ptr<float>();
    const float* dy = gradient.data_ptr<float>();
    float* out = result.data_ptr<float>();
    at::parallel_for(0, rows, row_grain(2 * width), [&](int64_t first, int64_t last) {
      for (int64_t row = first; row < last; ++row) {
        const float* gate = in + row * 2 * width;
        float* d_gate = out + row * 2 * width;
        simd::for_lanes(width, [&](int64_t i, auto count) {
          const Vec g = simd::load(gate + i, count), up = simd::load(gate + width + i, count);
          const Vec d = simd::load(dy + row * width + i, count), s = sigmoid(g);
          simd::store(d_gate + i, d * up * s * (1.0f + g * (1.0f - s)), count);
          simd::store(d_gate + width + i, d * g * s, count);
        });
      }
    });
    return {result};
  }
};

}  // namespace

at::Tensor swiglu(const at::Tensor& gate_up) {
  check_tensor(gate_up, "swiglu", "gate_up", 2);
  TORCH_CHECK(gate_up.size(1) % 2 == 0, "swiglu: gate_up has ", gate_up.size(1),
              " columns; it must hold gates and ups of equal width, so an even number");
  return SwiGlu::apply(gate_up);
}

}  // namespace rl
