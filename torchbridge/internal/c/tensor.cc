// Implements: lifetimes, creation, inspection and copies.
#include <ATen/core/Formatting.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/logspace.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <c10/core/GradMode.h>

#include <atomic>
#include <cstring>
#include <sstream>

#include "guard.h"

namespace bridge {

static std::atomic<int64_t> live{0};
static thread_local int64_t scope = 0;

char *message(const char *text) {
  char *copy = strdup(text);
  return copy ? copy : strdup("out of memory");
}

tb_tensor adopt(at::Tensor t) {
  if (!t.defined()) return nullptr;
  live.fetch_add(1, std::memory_order_relaxed);
  return new at::Tensor(std::move(t));
}

int64_t current_scope() { return scope; }

// c_order views caller memory as a tensor shaped and typed like a, in C order.
static at::Tensor c_order(const at::Tensor &a, const void *data, int64_t bytes) {
  TORCH_CHECK(bytes == a.numel() * a.element_size(), "the tensor has ", a.numel() * a.element_size(),
              " bytes, the memory ", bytes);
  return at::from_blob(const_cast<void *>(data), a.sizes(), at::TensorOptions(a.scalar_type()));
}

// options are those of a new tensor.
static at::TensorOptions options(at::ScalarType dtype) { return at::TensorOptions(dtype).device(device()); }

}  // namespace bridge

using namespace bridge;

int64_t tb_swap_scope(int64_t next) { return std::exchange(scope, next); }

void tb_free_tensors(tb_tensor *tensors, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    if (!tensors[i]) continue;
    delete static_cast<at::Tensor *>(tensors[i]);
    live.fetch_sub(1, std::memory_order_relaxed);
  }
}

int64_t tb_live_tensors(void) { return live.load(std::memory_order_relaxed); }

tb_result tb_empty(const int64_t *shape, int64_t n, int dtype) {
  return one([&] { return at::empty(ints(shape, n), options(scalar_type(dtype))); });
}

tb_result tb_full(const int64_t *shape, int64_t n, double value, int dtype) {
  return one([&] { return at::full(ints(shape, n), value, options(scalar_type(dtype))); });
}

tb_result tb_rand(const int64_t *shape, int64_t n) {
  return one([&] { return at::rand(ints(shape, n), options(at::kFloat)); });
}

tb_result tb_randn(const int64_t *shape, int64_t n) {
  return one([&] { return at::randn(ints(shape, n), options(at::kFloat)); });
}

tb_result tb_arange(double begin, double end, double step) {
  return one([&] { return at::arange(begin, end, step, options(at::kFloat)); });
}

tb_result tb_linspace(double begin, double end, int64_t steps) {
  return one([&] { return at::linspace(begin, end, steps, options(at::kFloat)); });
}
tb_result tb_logspace(double begin, double end, int64_t steps, double base) {
  return one([&] { return at::logspace(begin, end, steps, base, options(at::kFloat)); });
}

tb_result tb_eye(int64_t n, int64_t m) {
  return one([&] { return at::eye(n, m, options(at::kFloat)); });
}

tb_result tb_copy_of(const char *data, const int64_t *shape, int64_t n, int dtype) {
  return one([&] {
    at::Tensor t = at::from_blob(const_cast<char *>(data), ints(shape, n), at::TensorOptions(scalar_type(dtype)));
    return t.to(device(), t.scalar_type(), /*non_blocking=*/false, /*copy=*/true);
  });
}

int64_t tb_dim(tb_tensor a) { return tensor(a).dim(); }

void tb_shape(tb_tensor a, int64_t *out) {
  auto sizes = tensor(a).sizes();
  std::copy(sizes.begin(), sizes.end(), out);
}

int tb_dtype(tb_tensor a) { return static_cast<int>(tensor(a).scalar_type()); }
bool tb_requires_grad(tb_tensor a) { return tensor(a).requires_grad(); }
bool tb_is_channels_last(tb_tensor a) { return tensor(a).is_contiguous(at::MemoryFormat::ChannelsLast); }
int64_t tb_numel(tb_tensor a) { return tensor(a).numel(); }
int64_t tb_element_size(tb_tensor a) { return tensor(a).element_size(); }

char *tb_data(tb_tensor a, void **out) {
  return fence([&] {
    TORCH_CHECK(tensor(a).is_cpu(), "only a CPU tensor's memory can be viewed, and this one is on ", tensor(a).device(),
                ": move it with To first");
    TORCH_CHECK(tensor(a).is_contiguous(), "only a contiguous tensor's memory can be viewed");
    *out = tensor(a).data_ptr();
  });
}

char *tb_copy_out(tb_tensor a, char *dst, int64_t bytes) {
  return fence([&] {
    c10::NoGradGuard no_grad;
    c_order(tensor(a), dst, bytes).copy_(tensor(a));
  });
}

char *tb_copy_in(tb_tensor a, const char *src, int64_t bytes) {
  return fence([&] {
    c10::NoGradGuard no_grad;
    tensor(a).copy_(c_order(tensor(a), src, bytes));
  });
}

char *tb_item(tb_tensor a, double *real, int64_t *integer) {
  return fence([&] {
    auto s = tensor(a).item();
    if (s.isFloatingPoint()) {
      *real = s.toDouble();
    } else {
      *integer = s.isBoolean() ? s.toBool() : s.toLong();
    }
  });
}

char *tb_string(tb_tensor a, char **out) {
  return fence([&] {
    std::ostringstream text;
    text << tensor(a);
    *out = message(text.str().c_str());
  });
}
