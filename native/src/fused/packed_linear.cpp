#include "packed_linear.h"

#include <cstring>
#include <vector>

#include "checks.h"
#include "partition.h"
#include "rounding.h"
#include "small_gemm.h"

namespace rl {
namespace {

using small_gemm::kColumns;

/// Rows of x taken together over one panel: they fit beside it into the second-level cache.
constexpr int64_t kBlockRows = 16 * small_gemm::kRows;

/// Inputs taken at once: a panel of them fits into the second-level cache too.
constexpr int64_t kDepth = 1024;

/// The call's sizes and data. `Element` is float, or uint16_t for the bits of bfloat16.
template <class Element>
struct Call {
  const float* x;
  const Element* packed;
  const float* bias;
  float* y;
  int64_t rows, depth, outputs;

  const Element* panel(int64_t index) const { return packed + index * depth * kColumns; }
};

/// One thread's buffers: outputs of a panel that is not whole, and inputs of a panel widened to float32.
struct Scratch {
  std::vector<float> outputs = std::vector<float>(kBlockRows * kColumns);
  std::vector<float> widened;
};

const float* values_of(const float* panel, int64_t, Scratch&) { return panel; }

const float* values_of(const uint16_t* panel, int64_t count, Scratch& scratch) {
  scratch.widened.resize(std::max<size_t>(scratch.widened.size(), count));
  float* values = scratch.widened.data();
  for (int64_t i = 0; i < count; ++i) {
    const uint32_t bits = static_cast<uint32_t>(panel[i]) << 16;
    std::memcpy(values + i, &bits, sizeof(bits));
  }
  return values;
}

/// c[0:rows, 0:kColumns] = x[first:first+rows, :] times a panel.
template <class Element>
void multiply_panel(const Call<Element>& call, int64_t panel, int64_t first, int64_t rows, small_gemm::Rows<float> c,
                    Scratch& scratch) {
  for (int64_t k = 0; k < call.depth; k += kDepth) {
    const int64_t depth = std::min(kDepth, call.depth - k);
    const float* values = values_of(call.panel(panel) + k * kColumns, depth * kColumns, scratch);
    small_gemm::multiply(rows, kColumns, depth, {call.x + first * call.depth + k, call.depth, 1}, {values, kColumns}, c,
                         k > 0);
  }
}

template <class Element>
void add_bias(const Call<Element>& call, int64_t from, int64_t count, float* row) {
  if (call.bias == nullptr) return;
  simd::for_lanes(count, [&](int64_t i, auto lanes) {
    simd::store(row + i, simd::load(row + i, lanes) + simd::load(call.bias + from + i, lanes), lanes);
  });
}

/// One block of rows times one panel, written to y.
template <class Element>
void compute(const Call<Element>& call, int64_t panel, int64_t first, Scratch& scratch) {
  const int64_t rows = std::min(kBlockRows, call.rows - first), from = panel * kColumns;
  const int64_t columns = std::min(kColumns, call.outputs - from);
  float* out = call.y + first * call.outputs + from;
  if (columns == kColumns) {
    multiply_panel(call, panel, first, rows, {out, call.outputs}, scratch);
  } else {
    float* whole = scratch.outputs.data();
    multiply_panel(call, panel, first, rows, {whole, kColumns}, scratch);
    for (int64_t i = 0; i < rows; ++i) {
      std::memcpy(out + i * call.outputs, whole + i * kColumns, columns * sizeof(float));
    }
  }
  for (int64_t i = 0; i < rows; ++i) add_bias(call, from, columns, out + i * call.outputs);
}

/// Panel by panel, so that a panel stays in a thread's cache for all rows.
template <class Element>
void run(const Call<Element>& call, int64_t panels) {
  const int64_t blocks = (call.rows + kBlockRows - 1) / kBlockRows, tasks = panels * blocks;
  const int64_t task_work = std::min(call.rows, kBlockRows) * call.depth * kColumns;
  at::parallel_for(0, tasks, row_grain(task_work / 16), [&](int64_t first, int64_t last) {
    Scratch scratch;
    for (int64_t task = first; task < last; ++task) {
      compute(call, task / blocks, task % blocks * kBlockRows, scratch);
    }
  });
}

/// Panels of a weight's elements, zeros past its outputs.
template <class Element>
void pack(const Element* from, Element* to, int64_t outputs, int64_t depth, int64_t panels) {
  at::parallel_for(0, panels, row_grain(depth * kColumns), [&](int64_t first, int64_t last) {
    for (int64_t panel = first; panel < last; ++panel) {
      const int64_t columns = std::min(kColumns, outputs - panel * kColumns);
      const Element* rows = from + panel * kColumns * depth;
      Element* out = to + panel * kColumns * depth;
      for (int64_t k = 0; k < depth; ++k) {
        for (int64_t j = 0; j < kColumns; ++j) out[k * kColumns + j] = j < columns ? rows[j * depth + k] : Element{0};
      }
    }
  });
}

const uint16_t* bits_of(const at::Tensor& values) { return static_cast<const uint16_t*>(values.data_ptr()); }

}  // namespace

at::Tensor pack_linear(const at::Tensor& weight, bool rounded) {
  check_weight(weight, "pack_linear", 2);
  TORCH_CHECK(rounded || weight.scalar_type() == at::kFloat, "pack_linear: only a rounded copy is made of bfloat16");
  const int64_t outputs = weight.size(0), depth = weight.size(1), panels = (outputs + kColumns - 1) / kColumns;
  const at::Tensor values = rounded ? weight.detach().to(at::kBFloat16) : weight.detach();
  at::Tensor packed = at::empty({panels, depth, kColumns}, values.options());
  if (rounded) {
    pack(bits_of(values), static_cast<uint16_t*>(packed.data_ptr()), outputs, depth, panels);
  } else {
    pack(values.data_ptr<float>(), packed.data_ptr<float>(), outputs, depth, panels);
  }
  return packed;
}

at::Tensor packed_linear(const at::Tensor& x, const at::Tensor& packed, int64_t outputs,
                         const compat::optional<at::Tensor>& bias) {
  constexpr const char* kName = "packed_linear";
  check_tensor(x, kName, "x", 2);
  check_weight(packed, kName, 3);
  check_size(packed, kName, "packed", 1, x.size(1));
  check_size(packed, kName, "packed", 2, kColumns);
  TORCH_CHECK(outputs > 0 && (outputs + kColumns - 1) / kColumns == packed.size(0), kName, ": ", outputs,
              " outputs are not those of ", packed.size(0), " panels of ", kColumns);
  if (bias) {
    check_tensor(*bias, kName, "bias", 1);
    check_size(*bias, kName, "bias", 0, outputs);
  }
  at::Tensor y = at::empty({x.size(0), outputs}, x.options().requires_grad(false));
  const float *in = x.data_ptr<float>(), *added = bias ? bias->data_ptr<float>() : nullptr;
  float* out = y.data_ptr<float>();
  if (packed.scalar_type() == at::kBFloat16) {
    run(Call<uint16_t>{in, bits_of(packed), added, out, x.size(0), x.size(1), outputs}, packed.size(0));
  } else {
    run(Call<float>{in, packed.data_ptr<float>(), added, out, x.size(0), x.size(1), outputs}, packed.size(0));
  }
  return y;
}

}  // namespace rl
