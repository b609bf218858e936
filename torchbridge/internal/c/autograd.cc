// Implements: autograd, autocast, the optimizer step and process-wide settings.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/ops/_fused_sgd.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include "fast.h"
#include "guard.h"

using namespace bridge;

const char *tb_version(void) { return AUGMIX_LIBTORCH; }

char *tb_set_num_threads(int n) {
  return fence([&] { at::set_num_threads(n); });
}

int tb_num_threads(void) { return at::get_num_threads(); }

char *tb_manual_seed(uint64_t seed) {
  return fence([&] { at::manual_seed(seed); });
}

void tb_set_deterministic(bool on) { at::globalContext().setDeterministicAlgorithms(on, false); }

bool tb_set_fast_kernels(bool on) { return fast_kernels.exchange(on); }

bool tb_set_grad_enabled(bool on) {
  bool was = c10::GradMode::is_enabled();
  c10::GradMode::set_enabled(on);
  return was;
}

char *tb_autocast_begin(int dtype, bool *was_enabled, int *was_dtype) {
  return fence([&] {
    *was_enabled = at::autocast::is_autocast_enabled(at::kCPU);
    *was_dtype = static_cast<int>(at::autocast::get_autocast_dtype(at::kCPU));
    at::autocast::set_autocast_dtype(at::kCPU, scalar_type(dtype));
    at::autocast::set_autocast_enabled(at::kCPU, true);
    at::autocast::increment_nesting();
  });
}

void tb_autocast_end(bool was_enabled, int was_dtype) {
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(at::kCPU, was_enabled);
  at::autocast::set_autocast_dtype(at::kCPU, scalar_type(was_dtype));
}

char *tb_backward(tb_tensor a) {
  return fence([&] { tensor(a).backward(); });
}

tb_result tb_gradient_of(tb_tensor a, tb_tensor input) {
  return one([&] { return torch::autograd::grad({tensor(a)}, {tensor(input)})[0]; });
}

char *tb_set_requires_grad(tb_tensor a, bool on) {
  return fence([&] { tensor(a).set_requires_grad(on); });
}

char *tb_set_data(tb_tensor a, tb_tensor b) {
  return fence([&] { tensor(a).set_data(tensor(b)); });
}

tb_result tb_grad(tb_tensor a) {
  return one([&] { return tensor(a).grad(); });
}

tb_result tb_detach(tb_tensor a) {
  return one([&] { return tensor(a).detach(); });
}

char *tb_zero_grad(tb_tensor *params, int64_t n) {
  return fence([&] {
    for (int64_t i = 0; i < n; i++) tensor(params[i]).mutable_grad().reset();
  });
}

// Parameters without a gradient are left alone, as PyTorch's optimizers do. The momenta begin at zero, so no first
// step differs from the others.
char *tb_fused_sgd(tb_tensor *params, tb_tensor *momenta, int64_t n, tb_tensor lr, double weight_decay, double momentum,
                   double dampening, bool nesterov) {
  return fence([&] {
    c10::NoGradGuard no_grad;
    std::vector<at::Tensor> ps, gs, ms;
    for (int64_t i = 0; i < n; i++) {
      at::Tensor p = tensor(params[i]);
      if (!p.grad().defined()) continue;
      ps.push_back(p);
      gs.push_back(p.grad());
      if (momentum != 0) ms.push_back(tensor(momenta[i]));  // Without momentum the operation wants no list.
    }
    if (ps.empty()) return;
    at::_fused_sgd_(ps, gs, ms, weight_decay, momentum, tensor(lr), dampening, nesterov, /*maximize=*/false,
                    /*is_first_step=*/false);
  });
}
