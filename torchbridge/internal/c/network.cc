// Implements: the layers and losses of networks.
#include <ATen/autocast_mode.h>
#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/dropout.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/nll_loss.h>
#include <ATen/ops/sigmoid.h>

#include "fast.h"
#include "guard.h"

using namespace bridge;

tb_result tb_conv2d(tb_tensor x, tb_tensor weight, tb_tensor bias, const int64_t *stride, const int64_t *padding,
                    const int64_t *dilation, int64_t groups) {
  return one([&] {
    at::Tensor in = tensor(x), w = tensor(weight);
    if (winograd_fits(in, w, pair(stride), pair(padding), pair(dilation), groups)) {
      if (!bias) return winograd_conv2d(in, w);
      // In bf16 a sum would be rounded twice: libtorch adds the bias first.
      bool floats = in.scalar_type() == at::kFloat && tensor(bias).scalar_type() == at::kFloat;
      if (floats && !at::autocast::is_autocast_enabled(at::kCPU)) {
        return winograd_conv2d(in, w).add_(tensor(bias).view({1, -1, 1, 1}));
      }
    }
    return at::conv2d(in, w, optional(bias), pair(stride), pair(padding), pair(dilation), groups);
  });
}

tb_result tb_batch_norm(tb_tensor x, tb_tensor weight, tb_tensor bias, tb_tensor mean, tb_tensor var, bool training,
                        double momentum, double eps) {
  return one([&] {
    at::Tensor in = tensor(x), w = tensor(weight), b = tensor(bias), m = tensor(mean), v = tensor(var);
    if (training && batch_norm_act_fits(in, {}, w, b, m, v)) {
      return batch_norm_act(in, {}, w, b, m, v, momentum, eps, Activation::kNone);
    }
    return at::batch_norm(in, optional(weight), optional(bias), optional(mean), optional(var), training, momentum, eps,
                          /*cudnn_enabled=*/true);
  });
}

tb_result tb_batch_norm_act(tb_tensor x, tb_tensor residual, tb_tensor weight, tb_tensor bias, tb_tensor mean,
                            tb_tensor var, bool training, double momentum, double eps, int activation) {
  return one([&] {
    at::Tensor in = tensor(x), r = tensor(residual), w = tensor(weight), b = tensor(bias), m = tensor(mean),
               v = tensor(var);
    auto act = static_cast<Activation>(activation);
    if (training && batch_norm_act_fits(in, r, w, b, m, v)) {
      return batch_norm_act(in, r, w, b, m, v, momentum, eps, act);
    }
    at::Tensor z = at::batch_norm(in, optional(weight), optional(bias), optional(mean), optional(var), training,
                                  momentum, eps, /*cudnn_enabled=*/true);
    if (r.defined()) z.add_(r);
    return act == Activation::kRelu ? z.relu_() : at::mul(z, at::sigmoid(at::mul(z, at::Scalar(1.702))));
  });
}

tb_result tb_linear(tb_tensor x, tb_tensor weight, tb_tensor bias) {
  return one([&] { return at::linear(tensor(x), tensor(weight), optional(bias)); });
}

tb_result tb_avg_pool2d(tb_tensor x, const int64_t *kernel, const int64_t *stride, const int64_t *padding) {
  return one([&] { return at::avg_pool2d(tensor(x), pair(kernel), pair(stride), pair(padding)); });
}

tb_result tb_adaptive_avg_pool2d(tb_tensor x, const int64_t *size) {
  return one([&] { return at::adaptive_avg_pool2d(tensor(x), pair(size)); });
}

tb_result tb_max_pool2d(tb_tensor x, const int64_t *kernel, const int64_t *stride, const int64_t *padding,
                        const int64_t *dilation, bool ceil) {
  return one([&] {
    return at::max_pool2d(tensor(x), pair(kernel), pair(stride), pair(padding), pair(dilation), ceil);
  });
}

tb_result tb_dropout(tb_tensor x, double p, bool training) {
  return one([&] { return at::dropout(tensor(x), p, training); });
}

tb_result tb_cross_entropy(tb_tensor x, tb_tensor target, tb_tensor weight, int reduction, int64_t ignore_index) {
  return one([&] {
    return at::cross_entropy_loss(tensor(x), tensor(target), optional(weight), reduction, ignore_index);
  });
}

tb_result tb_nll_loss(tb_tensor x, tb_tensor target, tb_tensor weight, int reduction, int64_t ignore_index) {
  return one([&] { return at::nll_loss(tensor(x), tensor(target), optional(weight), reduction, ignore_index); });
}
