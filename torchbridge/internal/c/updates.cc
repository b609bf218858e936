// Implements: what a training step does to gradients and weights beside the optimizer's update.
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_copy.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>
#include <c10/core/GradMode.h>

#include <vector>

#include "guard.h"

using namespace bridge;

// The coefficient stays in a tensor, so that a step that clips can be captured. 1e-6 is torch.nn.utils.clip_grad_norm_'s.
char *tb_clip_grad_norm(tb_tensor *params, int64_t n, double most) {
  return fence([&] {
    c10::NoGradGuard no_grad;
    std::vector<at::Tensor> grads;
    for (int64_t i = 0; i < n; i++) {
      at::Tensor grad = tensor(params[i]).grad();
      if (grad.defined()) grads.push_back(grad);
    }
    if (grads.empty()) return;
    at::Tensor norm = at::linalg_vector_norm(at::stack(at::_foreach_norm(grads, 2)), 2);
    at::_foreach_mul_(grads, norm.add(1e-6).reciprocal().mul(most).clamp_max(1));
  });
}

char *tb_lerp_(tb_tensor *targets, tb_tensor *sources, int64_t n, double weight) {
  return fence([&] {
    c10::NoGradGuard no_grad;
    at::_foreach_lerp_(list(targets, n), list(sources, n), weight);
  });
}

char *tb_copy_all_(tb_tensor *targets, tb_tensor *sources, int64_t n) {
  return fence([&] {
    c10::NoGradGuard no_grad;
    at::_foreach_copy_(list(targets, n), list(sources, n));
  });
}

char *tb_move_gradients(tb_tensor *leaves, tb_tensor *params, tb_tensor *memory, int64_t n, bool add) {
  return fence([&] {
    c10::NoGradGuard no_grad;
    std::vector<at::Tensor> from, to;
    for (int64_t i = 0; i < n; i++) {
      at::Tensor leaf = tensor(leaves[i]);
      if (!leaf.grad().defined()) continue;
      from.push_back(leaf.grad());
      to.push_back(tensor(memory[i]));
      leaf.mutable_grad().reset();
      tensor(params[i]).mutable_grad() = to.back();
    }
    if (from.empty()) return;
    if (add) {
      at::_foreach_add_(to, from);
    } else {
      at::_foreach_copy_(to, from);
    }
  });
}
