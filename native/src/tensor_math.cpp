#include <cmath>

#include "handle.h"

namespace {

[[noreturn]] void unknown_op(const char* kind, int32_t op) {
  throw rl::InvalidArgument(std::string("unknown ") + kind + " operation " + std::to_string(op));
}

at::Tensor unary(int32_t op, const at::Tensor& t) {
  switch (op) {
    case RL_NEG:
      return at::neg(t);
    case RL_EXP:
      return at::exp(t);
    case RL_LOG:
      return at::log(t);
    case RL_SQRT:
      return at::sqrt(t);
    case RL_ABS:
      return at::abs(t);
    case RL_RECIPROCAL:
      return at::reciprocal(t);
    case RL_SQUARE:
      return at::square(t);
    case RL_SIGMOID:
      return at::sigmoid(t);
    case RL_TANH:
      return at::tanh(t);
    case RL_SILU:
      return at::silu(t);
    case RL_ISFINITE:
      return at::isfinite(t);
    default:
      unknown_op("unary", op);
  }
}

// Operand is at::Tensor or at::Scalar; minimum and maximum are the two operations ATen has for tensors only.
template <typename Operand>
at::Tensor arithmetic(int32_t op, const at::Tensor& left, const Operand& right) {
  switch (op) {
    case RL_ADD:
      return at::add(left, right);
    case RL_SUB:
      return at::sub(left, right);
    case RL_MUL:
      return at::mul(left, right);
    case RL_DIV:
      return at::div(left, right);
    case RL_POW:
      return at::pow(left, right);
    case RL_GT:
      return at::gt(left, right);
    case RL_GE:
      return at::ge(left, right);
    case RL_LT:
      return at::lt(left, right);
    case RL_LE:
      return at::le(left, right);
    case RL_EQ:
      return at::eq(left, right);
    case RL_NE:
      return at::ne(left, right);
    default:
      unknown_op("binary", op);
  }
}

// A double operand would promote an integer tensor to floats even when it is whole.
at::Scalar scalar_for(const at::Tensor& tensor, double value) {
  constexpr double kExactIntegers = 9007199254740992.0;
  const bool whole = std::trunc(value) == value && std::abs(value) <= kExactIntegers;
  if (whole && at::isIntegralType(tensor.scalar_type(), /*includeBool=*/false)) {
    return at::Scalar(static_cast<int64_t>(value));
  }
  return at::Scalar(value);
}

at::Tensor reduce(int32_t op, const at::Tensor& t) {
  switch (op) {
    case RL_SUM:
      return t.sum();
    case RL_MEAN:
      return t.mean();
    case RL_MAX:
      return t.max();
    case RL_MIN:
      return t.min();
    case RL_ARGMAX:
      return t.argmax();
    default:
      unknown_op("reduce", op);
  }
}

at::Tensor reduce_dim(int32_t op, const at::Tensor& t, int64_t dim, bool keep_dim) {
  switch (op) {
    case RL_SUM:
      return t.sum(at::IntArrayRef(dim), keep_dim);
    case RL_MEAN:
      return t.mean(at::IntArrayRef(dim), keep_dim);
    case RL_MAX:
      return std::get<0>(t.max(dim, keep_dim));
    case RL_MIN:
      return std::get<0>(t.min(dim, keep_dim));
    case RL_ARGMAX:
      return t.argmax(dim, keep_dim);
    default:
      unknown_op("reduce", op);
  }
}

}  // namespace

int32_t rl_tensor_unary(int32_t op, const rl_tensor* tensor, rl_tensor** result) noexcept {
  return rl::guarded([&] { *result = rl::wrap(unary(op, rl::value(tensor))); });
}

int32_t rl_tensor_binary(int32_t op, const rl_tensor* left, const rl_tensor* right, rl_tensor** result) noexcept {
  return rl::guarded([&] {
    const at::Tensor& a = rl::value(left);
    const at::Tensor& b = rl::value(right);
    switch (op) {
      case RL_MINIMUM:
        *result = rl::wrap(at::minimum(a, b));
        break;
      case RL_MAXIMUM:
        *result = rl::wrap(at::maximum(a, b));
        break;
      default:
        *result = rl::wrap(arithmetic(op, a, b));
    }
  });
}

int32_t rl_tensor_binary_scalar(int32_t op, const rl_tensor* left, double right, rl_tensor** result) noexcept {
  return rl::guarded([&] {
    const at::Tensor& a = rl::value(left);
    const at::Scalar b = scalar_for(a, right);
    switch (op) {
      case RL_MINIMUM:
        *result = rl::wrap(at::clamp_max(a, b));
        break;
      case RL_MAXIMUM:
        *result = rl::wrap(at::clamp_min(a, b));
        break;
      default:
        *result = rl::wrap(arithmetic(op, a, b));
    }
  });
}

int32_t rl_tensor_clamp(const rl_tensor* tensor, double minimum, double maximum, rl_tensor** result) noexcept {
  return rl::guarded([&] {
    const at::Tensor& t = rl::value(tensor);
    rl::require(minimum <= maximum, "clamp needs minimum <= maximum");
    *result = rl::wrap(at::clamp(t, scalar_for(t, minimum), scalar_for(t, maximum)));
  });
}

int32_t rl_tensor_where(const rl_tensor* condition, const rl_tensor* yes, const rl_tensor* no,
                        rl_tensor** result) noexcept {
  return rl::guarded([&] { *result = rl::wrap(at::where(rl::value(condition), rl::value(yes), rl::value(no))); });
}

int32_t rl_tensor_reduce(int32_t op, const rl_tensor* tensor, rl_tensor** result) noexcept {
  return rl::guarded([&] { *result = rl::wrap(reduce(op, rl::value(tensor))); });
}

int32_t rl_tensor_reduce_dim(int32_t op, const rl_tensor* tensor, int64_t dim, int32_t keep_dim,
                             rl_tensor** result) noexcept {
  return rl::guarded([&] { *result = rl::wrap(reduce_dim(op, rl::value(tensor), dim, keep_dim != 0)); });
}

int32_t rl_tensor_matmul(const rl_tensor* left, const rl_tensor* right, rl_tensor** result) noexcept {
  return rl::guarded([&] { *result = rl::wrap(at::matmul(rl::value(left), rl::value(right))); });
}

int32_t rl_tensor_linear(const rl_tensor* input, const rl_tensor* weight, const rl_tensor* bias,
                         rl_tensor** result) noexcept {
  return rl::guarded(
      [&] { *result = rl::wrap(at::linear(rl::value(input), rl::value(weight), rl::optional_value(bias))); });
}

int32_t rl_tensor_embedding(const rl_tensor* weight, const rl_tensor* index, rl_tensor** result) noexcept {
  return rl::guarded([&] { *result = rl::wrap(at::embedding(rl::value(weight), rl::value(index))); });
}

int32_t rl_tensor_softmax(const rl_tensor* tensor, int64_t dim, rl_tensor** result) noexcept {
  return rl::guarded([&] { *result = rl::wrap(at::softmax(rl::value(tensor), dim)); });
}

int32_t rl_tensor_log_softmax(const rl_tensor* tensor, int64_t dim, rl_tensor** result) noexcept {
  return rl::guarded([&] { *result = rl::wrap(at::log_softmax(rl::value(tensor), dim)); });
}
