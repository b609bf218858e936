// Implements: batch normalisation in training by the statistics of all ranks' images.
//
//   y = scale·x + offset   scale = weight·s, offset = bias − mean·scale, s = 1/√(var + eps)
//   dx = scale·(dy − Σdy/n − (x−mean)·s²·Σdy(x−mean)/n)   dweight = s·Σdy(x−mean)   dbias = Σdy
//
// (Ioffe and Szegedy 2015, algorithm 1 and section 3), where mean, var, n and the sums in dx are of all ranks. dweight and
// dbias are of this rank's images: they are added up with all other gradients.
#include <ATen/ops/batch_norm_backward_elemt.h>
#include <ATen/ops/batch_norm_backward_reduce.h>
#include <ATen/ops/batch_norm_elemt.h>
#include <ATen/ops/batch_norm_gather_stats_with_counts.h>
#include <ATen/ops/batch_norm_stats.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include "group.h"

using namespace bridge;

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

void sum_over_ranks(Group &g, const at::Tensor &t) {
  std::vector<at::Tensor> tensors{t};
  c10d::AllreduceOptions options;
  options.asyncOp = false;
  wait(g->allreduce(tensors, options));
}

// gather returns the rows of all ranks, in their order.
at::Tensor gather(Group &g, const at::Tensor &row) {
  at::Tensor table = at::zeros({g->getSize(), row.numel()}, row.options());
  table.select(0, g->getRank()).copy_(row);
  sum_over_ranks(g, table);
  return table;
}

at::Tensor by_channel(const at::Tensor &t) { return t.view({1, -1, 1, 1}); }

at::Tensor over_pixels(const at::Tensor &t) { return t.sum({0, 2, 3}, false, at::kDouble); }

// Statistics of all ranks: of the channels, the mean and s in float64 on the host, in float32 on a CUDA device; and counts,
// each rank's number of values a channel.
struct Statistics {
  at::Tensor mean, s, counts;
};

// on_host merges the ranks' means and sums of squares about them (Chan, Golub and LeVeque 1983, formula 1.5).
Statistics on_host(Group &g, const at::Tensor &x, const at::Tensor &running_mean, const at::Tensor &running_var,
                   double momentum, double eps, double n) {
  double images = n > 0 ? n : 1;
  int64_t channels = x.size(1);
  at::Tensor about = over_pixels(x) / images, centred = x - by_channel(about.to(at::kFloat));
  // The mean is rounded before it is subtracted; what that leaves is corrected here.
  at::Tensor rest = over_pixels(centred), squares = over_pixels(centred * centred) - rest * rest / images;
  at::Tensor all = gather(g, at::cat({about, squares, at::full({1}, n, about.options())}));
  at::Tensor means = all.narrow(1, 0, channels), counts = all.narrow(1, 2 * channels, 1), total = counts.sum();
  at::Tensor mean = (means * counts).sum(0) / total;
  at::Tensor sum = all.narrow(1, channels, channels).mul(counts > 0).sum(0) + ((means - mean).square() * counts).sum(0);
  running_mean.mul_(1 - momentum).add_(mean.to(at::kFloat), momentum);
  running_var.mul_(1 - momentum).add_((sum / (total - 1)).to(at::kFloat), momentum);
  return {mean, (sum / total + eps).rsqrt(), counts};
}

Statistics on_device(Group &g, const at::Tensor &x, const at::Tensor &running_mean, const at::Tensor &running_var,
                     double momentum, double eps, double n) {
  int64_t channels = x.size(1);
  auto [own_mean, own_s] = at::batch_norm_stats(x, eps);
  at::Tensor all = gather(g, at::cat({own_mean, own_s, at::full({1}, n, own_mean.options())}));
  at::Tensor counts = all.narrow(1, 2 * channels, 1).reshape({-1});
  auto [mean, s] = at::batch_norm_gather_stats_with_counts(
      x, all.narrow(1, 0, channels).contiguous(), all.narrow(1, channels, channels).contiguous(), running_mean,
      running_var, momentum, eps, counts);
  return {mean, s, counts};
}

class SyncBatchNorm : public torch::autograd::Function<SyncBatchNorm> {
 public:
  // counted is false where the rank has no images, and x is there only because every rank must do the same.
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const at::Tensor &weight,
                            const at::Tensor &bias, const at::Tensor &running_mean, const at::Tensor &running_var,
                            double momentum, double eps, int64_t handle, bool counted) {
    Group &g = group(reinterpret_cast<td_group>(handle));
    double n = counted ? static_cast<double>(x.numel() / x.size(1)) : 0;
    Statistics all = x.is_cuda() ? on_device(g, x, running_mean, running_var, momentum, eps, n)
                                 : on_host(g, x, running_mean, running_var, momentum, eps, n);
    context->save_for_backward({x, weight, all.mean, all.s, all.counts});
    context->saved_data["group"] = handle;
    context->saved_data["counted"] = counted;
    if (x.is_cuda()) return at::batch_norm_elemt(x, weight, bias, all.mean, all.s, eps);
    at::Tensor rounded = all.mean.to(at::kFloat), scale = weight * all.s, offset = bias + (rounded - all.mean) * scale;
    at::Tensor centred = x - by_channel(rounded);
    return (centred * by_channel(scale.to(at::kFloat)) + by_channel(offset.to(at::kFloat))).to(x.scalar_type());
  }

  static variable_list backward(AutogradContext *context, const variable_list &gradients) {
    variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &mean = saved[2], &s = saved[3], &counts = saved[4];
    Group &g = group(reinterpret_cast<td_group>(context->saved_data["group"].toInt()));
    bool counted = context->saved_data["counted"].toBool();
    at::Tensor dy = gradients[0].contiguous(x.suggest_memory_format());
    at::Tensor dx, dweight, dbias;
    if (x.is_cuda()) {
      auto [sum, product, dw, db] = at::batch_norm_backward_reduce(dy, x, mean, s, weight, true, true, true);
      at::Tensor sums = at::stack({sum, product});
      sum_over_ranks(g, sums);
      dx = at::batch_norm_backward_elemt(dy, x, mean, s, weight, sums.select(0, 0), sums.select(0, 1),
                                         counts.to(at::kInt));
      dweight = dw;
      dbias = db;
    } else {
      at::Tensor rounded = mean.to(at::kFloat), centred = x - by_channel(rounded);
      at::Tensor sum = over_pixels(dy), product = over_pixels(dy * centred) + (rounded - mean) * sum;
      dweight = (product * s).to(weight.scalar_type());
      dbias = sum.to(weight.scalar_type());
      at::Tensor sums = at::stack({sum, product}), total = counts.sum(), scale = weight * s;
      sum_over_ranks(g, sums);
      at::Tensor linear = -scale * s * s * sums.select(0, 1) / total;
      at::Tensor constant = -scale * sums.select(0, 0) / total + linear * (rounded - mean);
      dx = (dy * by_channel(scale.to(at::kFloat)) + centred * by_channel(linear.to(at::kFloat)) +
            by_channel(constant.to(at::kFloat)))
               .to(x.scalar_type());
    }
    // What is not counted has no part in the statistics, and so no gradient through them.
    if (!counted) dx = at::zeros_like(x);
    return {dx, dweight, dbias, {}, {}, {}, {}, {}, {}};
  }
};

}  // namespace

tb_result td_batch_norm(td_group g, tb_tensor x, tb_tensor weight, tb_tensor bias, tb_tensor mean, tb_tensor var,
                        double momentum, double eps, bool counted) {
  return one([&] {
    return SyncBatchNorm::apply(tensor(x), tensor(weight), tensor(bias), tensor(mean), tensor(var), momentum, eps,
                                reinterpret_cast<int64_t>(g), counted);
  });
}
