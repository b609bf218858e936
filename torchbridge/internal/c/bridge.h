// The C interface of torchbridge: the only contract between Go and libtorch.
//
// A tensor crosses as an owned `at::Tensor *` (void *); a null pointer is the undefined tensor, which libtorch reads as
// "argument not given". Functions that make tensors return a tb_result; all others return an error text that is null on
// success. Error texts are malloc'd: the caller frees them. No C++ exception leaves any function.
#ifndef TORCHBRIDGE_BRIDGE_H
#define TORCHBRIDGE_BRIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void *tb_tensor;

// tb_result is what an operation made: one tensor or two, and the scope that was current on the calling thread when it
// was made (0: none). On an error both tensors are null.
typedef struct {
  tb_tensor tensor, second;
  int64_t scope;
  char *error;
} tb_result;

// Lifetimes.
int64_t tb_swap_scope(int64_t scope);               // makes scope current on this thread; returns the previous one
void tb_free_tensors(tb_tensor *tensors, int64_t n);  // skips nulls
int64_t tb_live_tensors(void);                      // tensors that the interface has handed out and not freed

// Process-wide settings.
const char *tb_version(void);  // of the headers that this was compiled with
void tb_cache_memory(void);    // keeps the memory of freed tensors for new ones, from now on
void tb_release_memory(void);  // gives back what is kept and not used
char *tb_set_num_threads(int n);
int tb_num_threads(void);
char *tb_manual_seed(uint64_t seed);
void tb_set_deterministic(bool on);
bool tb_set_fast_kernels(bool on);  // the bridge's own; on at first; returns the previous state
void tb_set_cudnn_benchmark(bool on);
void tb_set_tf32(bool on);

// Devices: −1 is the CPU, N ≥ 0 the CUDA device N.
int tb_swap_device(int device);  // where this thread's new tensors lie, at first the CPU; returns the previous one
int tb_device(tb_tensor a);
tb_result tb_to(tb_tensor a, int device, int dtype);  // dtype −1 keeps the input's; strides are kept

// Thread-local modes; each returns the previous state.
bool tb_set_grad_enabled(bool on);
// Autocasting applies to operations on CPU tensors and to those on CUDA tensors alike.
typedef struct {
  bool cpu, cuda;
  int cpu_dtype, cuda_dtype;
} tb_autocast;
char *tb_autocast_begin(int dtype, tb_autocast *was);
void tb_autocast_end(tb_autocast was);

// Recording the names of the operations that run on this thread. One recording at a time.
char *tb_record_begin(void);
char *tb_record_end(char **names);  // malloc'd, one name a line, in the order in which the operations began

// Creation. dtype is c10::ScalarType's number.
tb_result tb_empty(const int64_t *shape, int64_t n, int dtype);
tb_result tb_full(const int64_t *shape, int64_t n, double value, int dtype);
tb_result tb_rand(const int64_t *shape, int64_t n);
tb_result tb_randn(const int64_t *shape, int64_t n);
tb_result tb_arange(double begin, double end, double step);
tb_result tb_linspace(double begin, double end, int64_t steps);
tb_result tb_logspace(double begin, double end, int64_t steps, double base);
tb_result tb_eye(int64_t n, int64_t m);
// Elements are char, not void, here and below: of a void * cgo must suppose that it points to Go pointers, and panics
// where the array is a field of a struct that has some.
tb_result tb_copy_of(const char *data, const int64_t *shape, int64_t n, int dtype);

// Inspection.
int64_t tb_dim(tb_tensor a);
void tb_shape(tb_tensor a, int64_t *out);
int tb_dtype(tb_tensor a);
bool tb_requires_grad(tb_tensor a);
bool tb_is_channels_last(tb_tensor a);
int64_t tb_numel(tb_tensor a);
int64_t tb_element_size(tb_tensor a);
char *tb_data(tb_tensor a, void **out);                          // contiguous CPU tensors only
char *tb_copy_out(tb_tensor a, char *dst, int64_t bytes);        // in C order, whatever the strides
char *tb_copy_in(tb_tensor a, const char *src, int64_t bytes);   // in C order, whatever the strides
char *tb_item(tb_tensor a, double *real, int64_t *integer);
char *tb_string(tb_tensor a, char **out);

// Autograd.
char *tb_backward(tb_tensor a);  // on the calling thread, on CUDA too
tb_result tb_gradient_of(tb_tensor a, tb_tensor input);  // leaves every .grad as it is
char *tb_set_requires_grad(tb_tensor a, bool on);
char *tb_set_data(tb_tensor a, tb_tensor b);
tb_result tb_grad(tb_tensor a);
tb_result tb_detach(tb_tensor a);
char *tb_zero_grad(tb_tensor *params, int64_t n);
char *tb_fused_sgd(tb_tensor *params, tb_tensor *momenta, int64_t n, tb_tensor lr, double weight_decay,
                   double momentum, double dampening, bool nesterov);
char *tb_clip_grad_norm(tb_tensor *params, int64_t n, double most);
char *tb_lerp_(tb_tensor *targets, tb_tensor *sources, int64_t n, double weight);
char *tb_copy_all_(tb_tensor *targets, tb_tensor *sources, int64_t n);
// Moves the gradients of leaves into memory that becomes those of parameters, or adds them to it.
char *tb_move_gradients(tb_tensor *leaves, tb_tensor *params, tb_tensor *memory, int64_t n, bool add);

// In place.
char *tb_fill_(tb_tensor a, double value);
char *tb_normal_(tb_tensor a, double mean, double std);
char *tb_uniform_(tb_tensor a, double low, double high);
char *tb_copy_(tb_tensor a, tb_tensor b, bool non_blocking);

// Arithmetic. The *_ forms change a and return another handle on it.
tb_result tb_add(tb_tensor a, tb_tensor b, double alpha);
tb_result tb_sub(tb_tensor a, tb_tensor b, double alpha);
tb_result tb_mul(tb_tensor a, tb_tensor b);
tb_result tb_div(tb_tensor a, tb_tensor b);
tb_result tb_add_(tb_tensor a, tb_tensor b, double alpha);
tb_result tb_sub_(tb_tensor a, tb_tensor b, double alpha);
tb_result tb_mul_(tb_tensor a, tb_tensor b);
tb_result tb_div_(tb_tensor a, tb_tensor b);
tb_result tb_add_scalar(tb_tensor a, double b);
tb_result tb_mul_scalar(tb_tensor a, double b);
tb_result tb_mm(tb_tensor a, tb_tensor b);
tb_result tb_sign(tb_tensor a);
tb_result tb_relu(tb_tensor a);
tb_result tb_relu_(tb_tensor a);
tb_result tb_leaky_relu(tb_tensor a, double slope);
tb_result tb_sigmoid(tb_tensor a);
tb_result tb_tanh(tb_tensor a);
tb_result tb_log(tb_tensor a);
tb_result tb_xlogy(tb_tensor a, tb_tensor b);
tb_result tb_clamp(tb_tensor a, double low, double high);
tb_result tb_softmax(tb_tensor a, int64_t dim);
tb_result tb_log_softmax(tb_tensor a, int64_t dim);

// Reductions and comparisons. dtype −1 keeps the input's.
tb_result tb_sum(tb_tensor a);
tb_result tb_sum_dim(tb_tensor a, int64_t dim, bool keep);
tb_result tb_mean(tb_tensor a);
tb_result tb_mean_dims(tb_tensor a, const int64_t *dims, int64_t n, bool keep);
tb_result tb_eq(tb_tensor a, tb_tensor b);
tb_result tb_ne(tb_tensor a, tb_tensor b);
char *tb_equal(tb_tensor a, tb_tensor b, bool *out);
char *tb_allclose(tb_tensor a, tb_tensor b, bool *out);
tb_result tb_argmax(tb_tensor a);
tb_result tb_argmin(tb_tensor a);
tb_result tb_argmax_dim(tb_tensor a, int64_t dim, bool keep);
tb_result tb_argmin_dim(tb_tensor a, int64_t dim, bool keep);
tb_result tb_topk(tb_tensor a, int64_t k, int64_t dim, bool largest, bool sorted);

// Shapes.
tb_result tb_view(tb_tensor a, const int64_t *shape, int64_t n);
tb_result tb_flatten(tb_tensor a, int64_t start, int64_t end);
tb_result tb_permute(tb_tensor a, const int64_t *dims, int64_t n);
tb_result tb_transpose(tb_tensor a, int64_t dim0, int64_t dim1);
tb_result tb_squeeze(tb_tensor a);
tb_result tb_squeeze_dim(tb_tensor a, int64_t dim);
tb_result tb_stack(tb_tensor *tensors, int64_t n, int64_t dim);
tb_result tb_cat(tb_tensor *tensors, int64_t n, int64_t dim);
tb_result tb_slice(tb_tensor a, int64_t dim, int64_t start, int64_t end, int64_t step);
tb_result tb_pad(tb_tensor a, const int64_t *pads, int64_t n);
// The pads of an image mirror what is beside its border: left, right, top, bottom.
tb_result tb_reflection_pad2d(tb_tensor a, const int64_t *pads);
tb_result tb_index_select(tb_tensor a, int64_t dim, tb_tensor index);
tb_result tb_expand_as(tb_tensor a, tb_tensor b);
// Of a flat tensor the elements from offset on, in a's shape and strides.
tb_result tb_part_like(tb_tensor flat, int64_t offset, tb_tensor a);
tb_result tb_to_dtype(tb_tensor a, int dtype);
tb_result tb_contiguous(tb_tensor a, bool channels_last);

// Networks. Strides, paddings and dilations are (height, width) pairs.
tb_result tb_conv2d(tb_tensor x, tb_tensor weight, tb_tensor bias, const int64_t *stride, const int64_t *padding,
                    const int64_t *dilation, int64_t groups);
tb_result tb_batch_norm(tb_tensor x, tb_tensor weight, tb_tensor bias, tb_tensor mean, tb_tensor var, bool training,
                        double momentum, double eps);
// The activation is of the sum of the normalised x and of residual, which may be null. It is 0: ReLU, or 1: quick GELU,
// x·σ(1.702·x), which takes no residual.
tb_result tb_batch_norm_act(tb_tensor x, tb_tensor residual, tb_tensor weight, tb_tensor bias, tb_tensor mean,
                            tb_tensor var, bool training, double momentum, double eps, int activation);
tb_result tb_linear(tb_tensor x, tb_tensor weight, tb_tensor bias);
tb_result tb_avg_pool2d(tb_tensor x, const int64_t *kernel, const int64_t *stride, const int64_t *padding);
tb_result tb_adaptive_avg_pool2d(tb_tensor x, const int64_t *size);
tb_result tb_max_pool2d(tb_tensor x, const int64_t *kernel, const int64_t *stride, const int64_t *padding,
                        const int64_t *dilation, bool ceil);
tb_result tb_dropout(tb_tensor x, double p, bool training);
tb_result tb_cross_entropy(tb_tensor x, tb_tensor target, tb_tensor weight, int reduction, int64_t ignore_index);
tb_result tb_nll_loss(tb_tensor x, tb_tensor target, tb_tensor weight, int reduction, int64_t ignore_index);

#ifdef __cplusplus
}
#endif
#endif
