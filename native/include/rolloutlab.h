// The C interface between the managed code and LibTorch.
//
// Every function returns a status (rl_status) and never throws; results arrive through the out-parameters at the end
// of the list, which are written on RL_OK only. rl_last_error() and rl_abi_version() are the exceptions: they cannot
// fail and return their value. Arrays are a pointer and an int64 length and are read or copied before the call
// returns. A tensor handle written to an out-parameter belongs to the caller, who gives it back to rl_tensor_free.
// A parameter documented as "may be null" accepts NULL; every other pointer must be valid.
#ifndef ROLLOUTLAB_H_
#define ROLLOUTLAB_H_

#include <stdint.h>

#if defined(__cplusplus)
#define RL_API extern "C" __attribute__((visibility("default")))
#define RL_NOEXCEPT noexcept
#else
#define RL_API extern __attribute__((visibility("default")))
#define RL_NOEXCEPT
#endif

// Raised with every incompatible change of this file; the managed side refuses any other number.
#define RL_ABI_VERSION 5

// The most dimensions a tensor that crosses this interface may have.
#define RL_MAX_DIMS 8

typedef struct rl_tensor rl_tensor;

enum rl_status {
  RL_OK = 0,
  RL_ERROR = 1,             // LibTorch refused: shapes, dtypes or devices that do not fit, unsupported operations
  RL_OUT_OF_MEMORY = 2,     // host or device memory is exhausted
  RL_INVALID_ARGUMENT = 3,  // an argument is outside its documented range
  RL_NOT_FINITE = 4,        // a value that must be finite is NaN or infinite: the weights have diverged
};

// The numbers are LibTorch's own.
enum rl_dtype {
  RL_UINT8 = 0,
  RL_INT8 = 1,
  RL_INT16 = 2,
  RL_INT32 = 3,
  RL_INT64 = 4,
  RL_FLOAT16 = 5,
  RL_FLOAT32 = 6,
  RL_FLOAT64 = 7,
  RL_BOOL = 11,
  RL_BFLOAT16 = 15,
};

enum rl_device_type { RL_CPU = 0, RL_CUDA = 1 };

enum rl_unary_op {
  RL_NEG = 0,
  RL_EXP = 1,
  RL_LOG = 2,
  RL_SQRT = 3,
  RL_ABS = 4,
  RL_RECIPROCAL = 5,
  RL_SQUARE = 6,
  RL_SIGMOID = 7,
  RL_TANH = 8,
  RL_SILU = 9,
  RL_ISFINITE = 10,
};

enum rl_binary_op {
  RL_ADD = 0,
  RL_SUB = 1,
  RL_MUL = 2,
  RL_DIV = 3,
  RL_POW = 4,
  RL_MINIMUM = 5,
  RL_MAXIMUM = 6,
  RL_GT = 7,
  RL_GE = 8,
  RL_LT = 9,
  RL_LE = 10,
  RL_EQ = 11,
  RL_NE = 12,
};

enum rl_reduce_op { RL_SUM = 0, RL_MEAN = 1, RL_MAX = 2, RL_MIN = 3, RL_ARGMAX = 4 };

typedef struct rl_tensor_info {
  int32_t dtype;
  int32_t device_type;
  int32_t device_index;  // 0 on the CPU
  int32_t dims;
  int64_t numel;
  int64_t shape[RL_MAX_DIMS];
} rl_tensor_info;

typedef struct rl_memory {
  int64_t live_tensors;         // handles created and not yet freed, by all threads
  int64_t finalized_tensors;    // handles that a finalizer had to free: leaks
  int64_t resident_bytes;       // of the whole process
  int64_t peak_resident_bytes;  // of the whole process since it started
} rl_memory;

// One draw for each of `count` entries; every array has that many. See rl_sample.
typedef struct rl_sample_request {
  const int32_t* rows;       // row of the logits
  const float* temperature;  // 0 takes the most probable token
  const int32_t* top_k;      // 0 keeps all
  const float* top_p;        // 1 keeps all
  const float* min_p;        // 0 keeps all
  const double* uniform;     // in [0, 1)
  int64_t count;
  int64_t vocabulary;  // ids from here on are padding, never drawn
  int64_t top_count;   // most probable tokens told of each draw's row, M; 0 for none
} rl_sample_request;

// The M most probable tokens of each draw's row, most probable first, the lower id among equals; arrays are
// [count, M]. Where the vocabulary has fewer, the id is -1. Null where top_count is 0.
typedef struct rl_top_tokens {
  int32_t* token_ids;
  float* probabilities;  // at temperature 1, unfiltered
  float* log_probs;      // at the draw's temperature (1 where that is 0), unfiltered
} rl_top_tokens;

typedef struct rl_adamw_options {
  double learning_rate;
  double beta1;
  double beta2;
  double epsilon;
  double weight_decay;
  double max_grad_norm;  // 0 or less: no clipping
  int64_t step;          // from 1
} rl_adamw_options;

// --- Runtime -------------------------------------------------------------------------------------------------------

RL_API int32_t rl_abi_version(void) RL_NOEXCEPT;

// One line about the last failure on this thread; valid until the next failing call on this thread.
RL_API const char* rl_last_error(void) RL_NOEXCEPT;

// JSON about the libraries, the CPU and the devices. `length` gets the bytes the whole text needs (without a
// terminator); `text` gets as many as `capacity` holds. `text` may be null when `capacity` is 0.
RL_API int32_t rl_runtime_info(char* text, int64_t capacity, int64_t* length) RL_NOEXCEPT;

RL_API int32_t rl_memory_get(rl_memory* memory) RL_NOEXCEPT;
RL_API int32_t rl_threads_get(int32_t* threads) RL_NOEXCEPT;
RL_API int32_t rl_threads_set(int32_t threads) RL_NOEXCEPT;
RL_API int32_t rl_cuda_device_count(int32_t* count) RL_NOEXCEPT;

// --- Tensors: life and data ----------------------------------------------------------------------------------------

// Copies `bytes` bytes, which must be exactly what `shape` and `dtype` need.
RL_API int32_t rl_tensor_create(const void* data, int64_t bytes, const int64_t* shape, int64_t dims, int32_t dtype,
                                int32_t device_type, int32_t device_index, rl_tensor** result) RL_NOEXCEPT;
RL_API int32_t rl_tensor_empty(const int64_t* shape, int64_t dims, int32_t dtype, int32_t device_type,
                               int32_t device_index, rl_tensor** result) RL_NOEXCEPT;
RL_API int32_t rl_tensor_full(const int64_t* shape, int64_t dims, double value, int32_t dtype, int32_t device_type,
                              int32_t device_index, rl_tensor** result) RL_NOEXCEPT;
RL_API int32_t rl_tensor_arange(double start, double stop, double step, int32_t dtype, int32_t device_type,
                                int32_t device_index, rl_tensor** result) RL_NOEXCEPT;

// `finalized` is 1 when a finalizer calls: counted as a leak. A null tensor is ignored.
RL_API int32_t rl_tensor_free(rl_tensor* tensor, int32_t finalized) RL_NOEXCEPT;

RL_API int32_t rl_tensor_describe(const rl_tensor* tensor, rl_tensor_info* info) RL_NOEXCEPT;
RL_API int32_t rl_tensor_clone(const rl_tensor* tensor, rl_tensor** result) RL_NOEXCEPT;
RL_API int32_t rl_tensor_detach(const rl_tensor* tensor, rl_tensor** result) RL_NOEXCEPT;
RL_API int32_t rl_tensor_contiguous(const rl_tensor* tensor, rl_tensor** result) RL_NOEXCEPT;
RL_API int32_t rl_tensor_to(const rl_tensor* tensor, int32_t dtype, int32_t device_type, int32_t device_index,
                            rl_tensor** result) RL_NOEXCEPT;

// Elements in row-major order to or from host memory; `bytes` must be exactly the tensor's size. Writing is not
// recorded by autograd.
RL_API int32_t rl_tensor_read(const rl_tensor* tensor, void* data, int64_t bytes) RL_NOEXCEPT;
RL_API int32_t rl_tensor_write(rl_tensor* tensor, const void* data, int64_t bytes) RL_NOEXCEPT;

RL_API int32_t rl_tensor_copy(rl_tensor* destination, const rl_tensor* source) RL_NOEXCEPT;
RL_API int32_t rl_tensor_fill(rl_tensor* tensor, double value) RL_NOEXCEPT;
RL_API int32_t rl_tensor_item(const rl_tensor* tensor, double* value) RL_NOEXCEPT;

// 1 when no element is NaN or infinite.
RL_API int32_t rl_tensor_all_finite(const rl_tensor* tensor, int32_t* finite) RL_NOEXCEPT;

// --- Tensors: shape and index --------------------------------------------------------------------------------------

RL_API int32_t rl_tensor_narrow(const rl_tensor* tensor, int64_t dim, int64_t start, int64_t length,
                                rl_tensor** result) RL_NOEXCEPT;
RL_API int32_t rl_tensor_reshape(const rl_tensor* tensor, const int64_t* shape, int64_t dims,
                                 rl_tensor** result) RL_NOEXCEPT;
RL_API int32_t rl_tensor_transpose(const rl_tensor* tensor, int64_t first, int64_t second,
                                   rl_tensor** result) RL_NOEXCEPT;
RL_API int32_t rl_tensor_cat(const rl_tensor* const* tensors, int64_t count, int64_t dim,
                             rl_tensor** result) RL_NOEXCEPT;
RL_API int32_t rl_tensor_index_select(const rl_tensor* tensor, int64_t dim, const rl_tensor* index,
                                      rl_tensor** result) RL_NOEXCEPT;
RL_API int32_t rl_tensor_gather(const rl_tensor* tensor, int64_t dim, const rl_tensor* index,
                                rl_tensor** result) RL_NOEXCEPT;

// --- Tensors: arithmetic -------------------------------------------------------------------------------------------

RL_API int32_t rl_tensor_unary(int32_t op, const rl_tensor* tensor, rl_tensor** result) RL_NOEXCEPT;
RL_API int32_t rl_tensor_binary(int32_t op, const rl_tensor* left, const rl_tensor* right,
                                rl_tensor** result) RL_NOEXCEPT;

// A whole `right` keeps the dtype of an integer tensor.
RL_API int32_t rl_tensor_binary_scalar(int32_t op, const rl_tensor* left, double right, rl_tensor** result) RL_NOEXCEPT;
RL_API int32_t rl_tensor_clamp(const rl_tensor* tensor, double minimum, double maximum, rl_tensor** result) RL_NOEXCEPT;
RL_API int32_t rl_tensor_where(const rl_tensor* condition, const rl_tensor* yes, const rl_tensor* no,
                               rl_tensor** result) RL_NOEXCEPT;
RL_API int32_t rl_tensor_reduce(int32_t op, const rl_tensor* tensor, rl_tensor** result) RL_NOEXCEPT;
RL_API int32_t rl_tensor_reduce_dim(int32_t op, const rl_tensor* tensor, int64_t dim, int32_t keep_dim,
                                    rl_tensor** result) RL_NOEXCEPT;
RL_API int32_t rl_tensor_matmul(const rl_tensor* left, const rl_tensor* right, rl_tensor** result) RL_NOEXCEPT;

// `bias` may be null.
RL_API int32_t rl_tensor_linear(const rl_tensor* input, const rl_tensor* weight, const rl_tensor* bias,
                                rl_tensor** result) RL_NOEXCEPT;
RL_API int32_t rl_tensor_embedding(const rl_tensor* weight, const rl_tensor* index, rl_tensor** result) RL_NOEXCEPT;
RL_API int32_t rl_tensor_softmax(const rl_tensor* tensor, int64_t dim, rl_tensor** result) RL_NOEXCEPT;
RL_API int32_t rl_tensor_log_softmax(const rl_tensor* tensor, int64_t dim, rl_tensor** result) RL_NOEXCEPT;

// --- Autograd ------------------------------------------------------------------------------------------------------

RL_API int32_t rl_tensor_requires_grad_get(const rl_tensor* tensor, int32_t* required) RL_NOEXCEPT;
RL_API int32_t rl_tensor_requires_grad_set(rl_tensor* tensor, int32_t required) RL_NOEXCEPT;

// `gradient` may be null for a tensor of one element.
RL_API int32_t rl_tensor_backward(const rl_tensor* tensor, const rl_tensor* gradient) RL_NOEXCEPT;

// One pass from `count` tensors, each with its gradient: what they share is differentiated once.
RL_API int32_t rl_tensor_backward_all(const rl_tensor* const* tensors, const rl_tensor* const* gradients,
                                      int64_t count) RL_NOEXCEPT;

// Writes null when the tensor has no gradient.
RL_API int32_t rl_tensor_grad(const rl_tensor* tensor, rl_tensor** result) RL_NOEXCEPT;

// Drops the gradient of each tensor; its memory is free at once.
RL_API int32_t rl_tensor_zero_grad(rl_tensor* const* tensors, int64_t count) RL_NOEXCEPT;

// Grad mode belongs to the calling thread.
RL_API int32_t rl_grad_mode_get(int32_t* enabled) RL_NOEXCEPT;
RL_API int32_t rl_grad_mode_set(int32_t enabled) RL_NOEXCEPT;

// --- Fused operations: contiguous float32 on the CPU; shapes and meaning in native/src/fused/*.h -------------------

RL_API int32_t rl_fused_rms_norm(const rl_tensor* x, const rl_tensor* weight, double eps,
                                 rl_tensor** result) RL_NOEXCEPT;
RL_API int32_t rl_fused_add_rms_norm(const rl_tensor* x, const rl_tensor* residual, const rl_tensor* weight, double eps,
                                     rl_tensor** sum, rl_tensor** normed) RL_NOEXCEPT;

// `q_norm` and `k_norm` may be null.
RL_API int32_t rl_fused_split_qkv_rope(const rl_tensor* qkv, const rl_tensor* q_norm, const rl_tensor* k_norm,
                                       double eps, const rl_tensor* cos, const rl_tensor* sin, const int32_t* positions,
                                       int64_t count, int64_t q_heads, int64_t kv_heads, rl_tensor** q, rl_tensor** k,
                                       rl_tensor** v) RL_NOEXCEPT;
RL_API int32_t rl_fused_swiglu(const rl_tensor* gate_up, rl_tensor** result) RL_NOEXCEPT;
RL_API int32_t rl_fused_round_bfloat16(const rl_tensor* x, rl_tensor** result) RL_NOEXCEPT;
// `bias` may be null. Weights of float32 count rounded to bfloat16, those of bfloat16 as they are.
RL_API int32_t rl_fused_rounded_linear(const rl_tensor* x, const rl_tensor* weight, const rl_tensor* bias,
                                       rl_tensor** result) RL_NOEXCEPT;
// `rounded` is 1 for a packed copy in bfloat16.
RL_API int32_t rl_fused_pack_linear(const rl_tensor* weight, int32_t rounded, rl_tensor** result) RL_NOEXCEPT;
// `bias` may be null.
RL_API int32_t rl_fused_packed_linear(const rl_tensor* x, const rl_tensor* packed, int64_t outputs,
                                      const rl_tensor* bias, rl_tensor** result) RL_NOEXCEPT;
// `prefix_lens` may be null.
RL_API int32_t rl_fused_varlen_attention(const rl_tensor* q, const rl_tensor* k, const rl_tensor* v,
                                         const int32_t* cu_seqlens, const int32_t* prefix_lens, int64_t sequences,
                                         double scale, rl_tensor** result) RL_NOEXCEPT;
// `rounded` is 1 where the weight counts as bfloat16.
RL_API int32_t rl_fused_token_log_probs(const rl_tensor* hidden, const rl_tensor* weight, int32_t rounded,
                                        const int64_t* targets, int64_t count, double temperature, int64_t vocabulary,
                                        rl_tensor** log_probs, rl_tensor** entropy) RL_NOEXCEPT;
RL_API int32_t rl_kv_write(const rl_tensor* k, const rl_tensor* v, const int32_t* slot_mapping, int64_t count,
                           rl_tensor* k_cache, rl_tensor* v_cache) RL_NOEXCEPT;
RL_API int32_t rl_kv_copy_blocks(rl_tensor* k_cache, rl_tensor* v_cache, const int32_t* source,
                                 const int32_t* destination, int64_t count) RL_NOEXCEPT;
RL_API int32_t rl_paged_attention(const rl_tensor* q, const rl_tensor* k_cache, const rl_tensor* v_cache,
                                  const int32_t* block_tables, int64_t sequences, int64_t stride,
                                  const int32_t* sequence_of_token, const int32_t* positions, int64_t count,
                                  double scale, rl_tensor** result) RL_NOEXCEPT;
RL_API int32_t rl_sample(const rl_tensor* logits, const rl_sample_request* request, int32_t* token_ids,
                         float* log_probs, const rl_top_tokens* top) RL_NOEXCEPT;

// Steps `count` parameters by the gradients they carry; a parameter without one counts as having zeros.
RL_API int32_t rl_adamw_step(rl_tensor* const* parameters, rl_tensor* const* exp_avg, rl_tensor* const* exp_avg_sq,
                             const uint8_t* decay, int64_t count, const rl_adamw_options* options, double* grad_norm,
                             int32_t* applied) RL_NOEXCEPT;

#endif  // ROLLOUTLAB_H_
