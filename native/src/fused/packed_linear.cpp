#include "packed_linear.h"

#include "checks.h"
#include "partition.h"
#include "small_gemm.h"

namespace rl {
namespace {

using small_gemm::kColumns;

/// Rows of x taken together over one panel: they fit beside it into the second-level cache.
constexpr int64_t kBlockRows = 16 * small_gemm::kRows;

/// Inputs taken at once: a panel of them fits into the second-level cache too.
constexpr int64_t kDepth = 1024;

/// The call's sizes and data.
struct Call {
  const float *x, *packed, *bias;
  float* y;
  int64_t rows, depth, outputs;

  const float* panel(int64_t index) const { return packed + index * depth * kColumns; }
};

/// c[0:rows, 0:kColumns] = x[first:first+rows, :] times a panel.
void multiply_panel(const Call& call, int64_t panel, int64_t first, int64_t rows, small_gemm::Rows<float> c) {
  for (int64_t k = 0; k < call.depth; k += kDepth) {
    small_gemm::multiply(rows, kColumns, std::min(kDepth, call.depth - k),
                         {call.x + first * call.depth + k, call.depth, 1}, {call.panel(panel) + k * kColumns, kColumns},
                         c, k > 0);
  }
}

void add_bias(const Call& call, int64_t from, int64_t count, float* row) {
  if (call.bias == nullptr) return;
  simd::for_lanes(count, [&](int64_t i, auto lanes) {
    simd::store(row + i, simd::load(row + i, lanes) + simd::load(call.bias + from + i, lanes), lanes);
  });
}

/// One block of rows times one panel, written to y.
void compute(const Call& call, int64_t panel, int64_t first, float* scratch) {
  const int64_t rows = std::min(kBlockRows, call.rows - first), from = panel * kColumns;
  const int64_t columns = std::min(kColumns, call.outputs - from);
  float* out = call.y + first * call.outputs + from;
  if (columns == kColumns) {
    multiply_panel(call, panel, first, rows, {out, call.outputs});
  } else {
    multiply_panel(call, panel, first, rows, {scratch, kColumns});
    for (int64_t i = 0; i < rows; ++i) {
      std::memcpy(out + i * call.outputs, scratch + i * kColumns, columns * sizeof(float));
    }
  }
  for (int64_t i = 0; i < rows; ++i) add_bias(call, from, columns, out + i * call.outputs);
}

}  // namespace

at::Tensor pack_linear(const at::Tensor& weight) {
  check_tensor(weight, "pack_linear", "weight", 2);
  const int64_t outputs = weight.size(0), depth = weight.size(1), panels = (outputs + kColumns - 1) / kColumns;
  at::Tensor packed = at::empty({panels, depth, kColumns}, weight.options().requires_grad(false));
  const float* from = weight.data_ptr<float>();
  float* to = packed.data_ptr<float>();
  at::parallel_for(0, panels, row_grain(depth * kColumns), [&](int64_t first, int64_t last) {
    for (int64_t panel = first; panel < last; ++panel) {
      const int64_t columns = std::min(kColumns, outputs - panel * kColumns);
      const float* rows = from + panel * kColumns * depth;
      float* out = to + panel * kColumns * depth;
      for (int64_t k = 0; k < depth; ++k) {
        for (int64_t j = 0; j < kColumns; ++j) out[k * kColumns + j] = j < columns ? rows[j * depth + k] : 0.0f;
      }
    }
  });
  return packed;
}

at::Tensor packed_linear(const at::Tensor& x, const at::Tensor& packed, int64_t outputs,
                         const compat::optional<at::Tensor>& bias) {
  constexpr const char* kName = "packed_linear";
  check_tensor(x, kName, "x", 2);
  check_tensor(packed, kName, "packed", 3);
  check_size(packed, kName, "packed", 1, x.size(1));
  check_size(packed, kName, "packed", 2, kColumns);
  TORCH_CHECK(outputs > 0 && (outputs + kColumns - 1) / kColumns == packed.size(0), kName, ": ", outputs,
              " outputs are not those of ", packed.size(0), " panels of ", kColumns);
  if (bias) {
    check_tensor(*bias, kName, "bias", 1);
    check_size(*bias, kName, "bias", 0, outputs);
  }
  at::Tensor y = at::empty({x.size(0), outputs}, x.options().requires_grad(false));
  const float* added = bias ? bias->data_ptr<float>() : nullptr;
  const Call call{
      x.data_ptr<float>(), packed.data_ptr<float>(), added, y.data_ptr<float>(), x.size(0), x.size(1), outputs};
  // Panel by panel, so that a panel stays in a thread's cache for all rows.
  const int64_t blocks = (call.rows + kBlockRows - 1) / kBlockRows, tasks = packed.size(0) * blocks;
  const int64_t task_work = std::min(call.rows, kBlockRows) * call.depth * kColumns;
  at::parallel_for(0, tasks, row_grain(task_work / 16), [&](int64_t first, int64_t last) {
    alignas(64) float scratch[kBlockRows * kColumns];
    for (int64_t task = first; task < last; ++task) {
      compute(call, task / blocks, task % blocks * kBlockRows, scratch);
    }
  });
  return y;
}

}  // namespace rl
