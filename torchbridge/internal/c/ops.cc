// Implements: arithmetic, reductions, comparisons and shapes.
#include <ATen/ops/add.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/argmin.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/div.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/flatten.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/log.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/ne.h>
#include <ATen/ops/permute.h>
#include <ATen/ops/reflection_pad2d.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/sign.h>
#include <ATen/ops/slice.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/squeeze.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/topk.h>
#include <ATen/ops/transpose.h>
#include <ATen/ops/xlogy.h>

#include "guard.h"

using namespace bridge;

char *tb_fill_(tb_tensor a, double value) {
  return fence([&] { tensor(a).fill_(value); });
}
char *tb_normal_(tb_tensor a, double mean, double std) {
  return fence([&] { tensor(a).normal_(mean, std); });
}
char *tb_uniform_(tb_tensor a, double low, double high) {
  return fence([&] { tensor(a).uniform_(low, high); });
}
char *tb_copy_(tb_tensor a, tb_tensor b, bool non_blocking) {
  return fence([&] { tensor(a).copy_(tensor(b), non_blocking); });
}

tb_result tb_add(tb_tensor a, tb_tensor b, double alpha) {
  return one([&] { return at::add(tensor(a), tensor(b), alpha); });
}
tb_result tb_sub(tb_tensor a, tb_tensor b, double alpha) {
  return one([&] { return at::sub(tensor(a), tensor(b), alpha); });
}
tb_result tb_mul(tb_tensor a, tb_tensor b) {
  return one([&] { return at::mul(tensor(a), tensor(b)); });
}
tb_result tb_div(tb_tensor a, tb_tensor b) {
  return one([&] { return at::div(tensor(a), tensor(b)); });
}
tb_result tb_add_(tb_tensor a, tb_tensor b, double alpha) {
  return one([&] { return tensor(a).add_(tensor(b), alpha); });
}
tb_result tb_sub_(tb_tensor a, tb_tensor b, double alpha) {
  return one([&] { return tensor(a).sub_(tensor(b), alpha); });
}
tb_result tb_mul_(tb_tensor a, tb_tensor b) {
  return one([&] { return tensor(a).mul_(tensor(b)); });
}
tb_result tb_div_(tb_tensor a, tb_tensor b) {
  return one([&] { return tensor(a).div_(tensor(b)); });
}
tb_result tb_add_scalar(tb_tensor a, double b) {
  return one([&] { return at::add(tensor(a), at::Scalar(b)); });
}
tb_result tb_mul_scalar(tb_tensor a, double b) {
  return one([&] { return at::mul(tensor(a), at::Scalar(b)); });
}
tb_result tb_mm(tb_tensor a, tb_tensor b) {
  return one([&] { return at::mm(tensor(a), tensor(b)); });
}
tb_result tb_sign(tb_tensor a) {
  return one([&] { return at::sign(tensor(a)); });
}
tb_result tb_relu(tb_tensor a) {
  return one([&] { return at::relu(tensor(a)); });
}
tb_result tb_relu_(tb_tensor a) {
  return one([&] { return tensor(a).relu_(); });
}
tb_result tb_leaky_relu(tb_tensor a, double slope) {
  return one([&] { return at::leaky_relu(tensor(a), slope); });
}
tb_result tb_sigmoid(tb_tensor a) {
  return one([&] { return at::sigmoid(tensor(a)); });
}
tb_result tb_tanh(tb_tensor a) {
  return one([&] { return at::tanh(tensor(a)); });
}
tb_result tb_log(tb_tensor a) {
  return one([&] { return at::log(tensor(a)); });
}
tb_result tb_xlogy(tb_tensor a, tb_tensor b) {
  return one([&] { return at::xlogy(tensor(a), tensor(b)); });
}
tb_result tb_clamp(tb_tensor a, double low, double high) {
  return one([&] { return at::clamp(tensor(a), low, high); });
}
tb_result tb_softmax(tb_tensor a, int64_t dim) {
  return one([&] { return at::softmax(tensor(a), dim); });
}
tb_result tb_log_softmax(tb_tensor a, int64_t dim) {
  return one([&] { return at::log_softmax(tensor(a), dim); });
}

tb_result tb_sum(tb_tensor a) {
  return one([&] { return at::sum(tensor(a)); });
}
tb_result tb_sum_dim(tb_tensor a, int64_t dim, bool keep) {
  return one([&] { return at::sum(tensor(a), dim, keep); });
}
tb_result tb_mean(tb_tensor a) {
  return one([&] { return at::mean(tensor(a)); });
}
tb_result tb_mean_dims(tb_tensor a, const int64_t *dims, int64_t n, bool keep) {
  return one([&] { return at::mean(tensor(a), ints(dims, n), keep); });
}
tb_result tb_eq(tb_tensor a, tb_tensor b) {
  return one([&] { return at::eq(tensor(a), tensor(b)); });
}
tb_result tb_ne(tb_tensor a, tb_tensor b) {
  return one([&] { return at::ne(tensor(a), tensor(b)); });
}
char *tb_equal(tb_tensor a, tb_tensor b, bool *out) {
  return fence([&] { *out = at::equal(tensor(a), tensor(b)); });
}
char *tb_allclose(tb_tensor a, tb_tensor b, bool *out) {
  return fence([&] { *out = at::allclose(tensor(a), tensor(b)); });
}
tb_result tb_argmax(tb_tensor a) {
  return one([&] { return at::argmax(tensor(a)); });
}
tb_result tb_argmin(tb_tensor a) {
  return one([&] { return at::argmin(tensor(a)); });
}
tb_result tb_argmax_dim(tb_tensor a, int64_t dim, bool keep) {
  return one([&] { return at::argmax(tensor(a), dim, keep); });
}
tb_result tb_argmin_dim(tb_tensor a, int64_t dim, bool keep) {
  return one([&] { return at::argmin(tensor(a), dim, keep); });
}
tb_result tb_topk(tb_tensor a, int64_t k, int64_t dim, bool largest, bool sorted) {
  return two([&] { return at::topk(tensor(a), k, dim, largest, sorted); });
}

tb_result tb_view(tb_tensor a, const int64_t *shape, int64_t n) {
  return one([&] { return tensor(a).view(ints(shape, n)); });
}
tb_result tb_flatten(tb_tensor a, int64_t start, int64_t end) {
  return one([&] { return at::flatten(tensor(a), start, end); });
}
tb_result tb_permute(tb_tensor a, const int64_t *dims, int64_t n) {
  return one([&] { return at::permute(tensor(a), ints(dims, n)); });
}
tb_result tb_transpose(tb_tensor a, int64_t dim0, int64_t dim1) {
  return one([&] { return at::transpose(tensor(a), dim0, dim1); });
}
tb_result tb_squeeze(tb_tensor a) {
  return one([&] { return at::squeeze(tensor(a)); });
}
tb_result tb_squeeze_dim(tb_tensor a, int64_t dim) {
  return one([&] { return at::squeeze(tensor(a), dim); });
}
tb_result tb_stack(tb_tensor *tensors, int64_t n, int64_t dim) {
  return one([&] { return at::stack(list(tensors, n), dim); });
}
tb_result tb_cat(tb_tensor *tensors, int64_t n, int64_t dim) {
  return one([&] { return at::cat(list(tensors, n), dim); });
}
tb_result tb_slice(tb_tensor a, int64_t dim, int64_t start, int64_t end, int64_t step) {
  return one([&] { return at::slice(tensor(a), dim, start, end, step); });
}
tb_result tb_pad(tb_tensor a, const int64_t *pads, int64_t n) {
  return one([&] { return at::constant_pad_nd(tensor(a), ints(pads, n), 0); });
}
tb_result tb_reflection_pad2d(tb_tensor a, const int64_t *pads) {
  return one([&] { return at::reflection_pad2d(tensor(a), ints(pads, 4)); });
}
tb_result tb_index_select(tb_tensor a, int64_t dim, tb_tensor index) {
  return one([&] { return at::index_select(tensor(a), dim, tensor(index)); });
}
tb_result tb_expand_as(tb_tensor a, tb_tensor b) {
  return one([&] { return tensor(a).expand_as(tensor(b)); });
}
tb_result tb_to_dtype(tb_tensor a, int dtype) {
  return one([&] { return tensor(a).to(scalar_type(dtype)); });
}
tb_result tb_contiguous(tb_tensor a, bool channels_last) {
  return one([&] {
    return tensor(a).contiguous(channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
  });
}
