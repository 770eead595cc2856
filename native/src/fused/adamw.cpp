#include "adamw.h"

#include <cmath>

#include "checks.h"
#include "partition.h"
#include "vector.h"

namespace rl {
namespace {

using simd::Vec;

/// A run of elements of one parameter; the unit of work and of summation.
struct Block {
  float* param;
  const float* grad;
  float* exp_avg;
  float* exp_avg_sq;
  int64_t count;
  bool decayed;
};

constexpr int64_t kBlockElements = 16384;

void check_lists(const std::vector<at::Tensor>& params, const std::vector<at::Tensor>& grads,
                 const std::vector<at::Tensor>& exp_avg, const std::vector<at::Tensor>& exp_avg_sq,
                 const std::vector<uint8_t>& decay) {
  const size_t count = params.size();
  TORCH_CHECK(grads.size() == count && exp_avg.size() == count && exp_avg_sq.size() == count && decay.size() == count,
              "adamw_step: the lists differ in length: ", count, " parameters, ", grads.size(), " gradients, ",
              exp_avg.size(), " and ", exp_avg_sq.size(), " moments, ", decay.size(), " decay flags");
  for (size_t i = 0; i < count; ++i) {
    const auto check = [&](const at::Tensor& tensor, const char* name) {
      TORCH_CHECK(tensor.defined(), "adamw_step: ", name, " ", i, " is undefined");
      check_tensor(tensor, "adamw_step", name, params[i].dim());
      TORCH_CHECK(tensor.sizes() == params[i].sizes(), "adamw_step: ", name, " ", i, " has shape ", tensor.sizes(),
                  " but its parameter has ", params[i].sizes());
    };
    check(params[i], "parameter");
    check(exp_avg[i], "first moment");
    check(exp_avg_sq[i], "second moment");
    if (grads[i].defined()) check(grads[i], "gradient");
  }
}

std::vector<Block> cut(const std::vector<at::Tensor>& params, const std::vector<at::Tensor>& grads,
                       const std::vector<at::Tensor>& exp_avg, const std::vector<at::Tensor>& exp_avg_sq,
                       const std::vector<uint8_t>& decay) {
  std::vector<Block> blocks;
  for (size_t i = 0; i < params.size(); ++i) {
    const int64_t elements = params[i].numel();
    for (int64_t at = 0; at < elements; at += kBlockElements) {
      blocks.push_back({params[i].data_ptr<float>() + at,
                        grads[i].defined() ? grads[i].data_ptr<float>() + at : nullptr,
                        exp_avg[i].data_ptr<float>() + at, exp_avg_sq[i].data_ptr<float>() + at,
                        std::min(kBlockElements, elements - at), decay[i] != 0});
    }
  }
  return blocks;
}

/// The sum of squares of a block, in double from runs of 1,024 elements.
double sum_of_squares(const Block& block) {
  constexpr int64_t kRun = 1024;
  if (block.grad == nullptr) return 0.0;
  double total = 0.0;
  for (int64_t at = 0; at < block.count; at += kRun) {
    Vec squares[4] = {};
    int64_t turn = 0;
    simd::for_lanes(std::min(kRun, block.count - at), [&](int64_t i, auto count) {
      const Vec g = simd::load(block.grad + at + i, count);
      squares[turn++ & 3] += g * g;
    });
    total += simd::sum((squares[0] + squares[1]) + (squares[2] + squares[3]));
  }
  return total;
}

/// The step's constants in the form the inner loop wants them.
struct Coefficients {
  float clip, beta1, beta2, rest1, rest2, step_size, inverse_correction2, epsilon, keep;
};

Coefficients coefficients_of(const AdamWOptions& options, double norm) {
  const double correction1 = 1.0 - std::pow(options.beta1, static_cast<double>(options.step));
  const double correction2 = 1.0 - std::pow(options.beta2, static_cast<double>(options.step));
  const bool clips = options.max_grad_norm > 0.0 && norm > options.max_grad_norm;
  return {static_cast<float>(clips ? options.max_grad_norm / norm : 1.0),
          static_cast<float>(options.beta1),
          static_cast<float>(options.beta2),
          static_cast<float>(1.0 - options.beta1),
          static_cast<float>(1.0 - options.beta2),
          static_cast<float>(options.learning_rate / correction1),
          static_cast<float>(1.0 / correction2),
          static_cast<float>(options.epsilon),
          static_cast<float>(1.0 - options.learning_rate * options.weight_decay)};
}

void update(const Block& block, const Coefficients& c) {
  const float keep = block.decayed ? c.keep : 1.0f;
  simd::for_lanes(block.count, [&](int64_t i, auto count) {
    const Vec g = block.grad == nullptr ? Vec{} : simd::load(block.grad + i, count) * c.clip;
    const Vec m = simd::load(block.exp_avg + i, count) * c.beta1 + g * c.rest1;
    const Vec v = simd::load(block.exp_avg_sq + i, count) * c.beta2 + g * g * c.rest2;
    const Vec change = m * c.step_size / (simd::sqrt(v * c.inverse_correction2) + c.epsilon);
    simd::store(block.exp_avg + i, m, count);
    simd::store(block.exp_avg_sq + i, v, count);
    simd::store(block.param + i, simd::load(block.param + i, count) * keep - change, count);
  });
}

}  // namespace

void adamw_step(std::vector<at::Tensor>& params, std::vector<at::Tensor>& grads, std::vector<at::Tensor>& exp_avg,
                std::vector<at::Tensor>& exp_avg_sq, const std::vector<uint8_t>& decay, const AdamWOptions& options,
                double* grad_norm, bool* applied) {
  check_lists(params, grads, exp_avg, exp_avg_sq, decay);
  TORCH_CHECK(options.step >= 1, "adamw_step: step counts from 1, got ", options.step);
  const std::vector<Block> blocks = cut(params, grads, exp_avg, exp_avg_sq, decay);
  const int64_t count = static_cast<int64_t>(blocks.size());
  std::vector<double> squares(blocks.size());
  at::parallel_for(0, count, 2, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) squares[i] = sum_of_squares(blocks[i]);
  });
  double total = 0.0;
  for (const double square : squares) total += square;
  *grad_norm = std::sqrt(total);
  *applied = std::isfinite(*grad_norm);
  if (!*applied) return;
  const Coefficients coefficients = coefficients_of(options, *grad_norm);
  at::parallel_for(0, count, 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) update(blocks[i], coefficients);
  });
}

}  // namespace rl
