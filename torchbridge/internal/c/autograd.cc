// Implements: autograd, autocast, the optimizer step and process-wide settings.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/ops/_fused_sgd.h>
#include <c10/core/AutogradState.h>
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

void tb_set_cudnn_benchmark(bool on) { at::globalContext().setBenchmarkCuDNN(on); }

void tb_set_tf32(bool on) {
  at::globalContext().setAllowTF32CuDNN(on);
  at::globalContext().setAllowTF32CuBLAS(on);
}

bool tb_set_fast_kernels(bool on) { return fast_kernels.exchange(on); }

bool tb_set_grad_enabled(bool on) {
  bool was = c10::GradMode::is_enabled();
  c10::GradMode::set_enabled(on);
  return was;
}

// enable_autocast switches one kind of device.
static void enable_autocast(at::DeviceType on, bool enabled, at::ScalarType dtype) {
  at::autocast::set_autocast_dtype(on, dtype);
  at::autocast::set_autocast_enabled(on, enabled);
}

char *tb_autocast_begin(int dtype, tb_autocast *was) {
  return fence([&] {
    *was = {at::autocast::is_autocast_enabled(at::kCPU), at::autocast::is_autocast_enabled(at::kCUDA),
            static_cast<int>(at::autocast::get_autocast_dtype(at::kCPU)),
            static_cast<int>(at::autocast::get_autocast_dtype(at::kCUDA))};
    enable_autocast(at::kCPU, true, scalar_type(dtype));
    enable_autocast(at::kCUDA, true, scalar_type(dtype));
    at::autocast::increment_nesting();
  });
}

void tb_autocast_end(tb_autocast was) {
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  enable_autocast(at::kCPU, was.cpu, scalar_type(was.cpu_dtype));
  enable_autocast(at::kCUDA, was.cuda, scalar_type(was.cuda_dtype));
}

namespace {

// OneThread keeps a backward pass on the calling thread, as it always is on the CPU. On CUDA libtorch would take a thread
// of its own, whose operations a capture of this thread's stream does not see.
class OneThread {
 public:
  OneThread() : was_(c10::AutogradState::get_tls_state().get_multithreading_enabled()) { set(false); }
  ~OneThread() { set(was_); }

 private:
  static void set(bool on) { c10::AutogradState::get_tls_state().set_multithreading_enabled(on); }
  bool was_;
};

}  // namespace

char *tb_backward(tb_tensor a) {
  return fence([&] {
    OneThread here;
    tensor(a).backward();
  });
}

tb_result tb_gradient_of(tb_tensor a, tb_tensor input) {
  return one([&] {
    OneThread here;
    return torch::autograd::grad({tensor(a)}, {tensor(input)})[0];
  });
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
