// Implements: batch normalisation in training followed by ReLU as one operation of libtorch.
#include "batch_norm.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

#include "fast.h"
#include "scratch.h"

namespace bridge {
namespace {

using batch_norm::Layout;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr auto kLast = at::MemoryFormat::ChannelsLast;

bf16 *bits(const at::Tensor &t) { return static_cast<bf16 *>(t.data_ptr()); }

Layout layout_of(const at::Tensor &x) { return Layout(x.numel() / x.size(1), x.size(1)); }

at::Tensor floats(int64_t n) { return at::empty({n}, at::TensorOptions(at::kFloat)); }

template <class F>
void each_chunk(const Layout &l, const F &f) {
  at::parallel_for(0, l.chunks(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t chunk = begin; chunk < end; chunk++) f(chunk);
  });
}

// Moments are the mean of each channel and the sum of squares about it.
struct Moments {
  std::vector<double> mean, squares;
};

// merge joins the chunks' sums (Chan, Golub and LeVeque 1983, formula 1.5 for two parts).
Moments merge(const float *sums, const Layout &l) {
  Moments all{std::vector<double>(l.channels), std::vector<double>(l.channels)};
  std::vector<double> count(l.channels);
  for (int64_t chunk = 0; chunk < l.chunks(); chunk++) {
    double n = static_cast<double>(l.chunk_size(chunk));
    const float *shift = sums + chunk * 3 * l.lanes, *sum = shift + l.lanes, *square = sum + l.lanes;
    for (int64_t i = 0; i < l.lanes; i++) {
      int64_t c = l.channel_at(i);
      double about = sum[i] / n, difference = shift[i] + about - all.mean[c], total = count[c] + n;
      all.mean[c] += difference * n / total;
      all.squares[c] += square[i] - n * about * about + difference * difference * count[c] * n / total;
      count[c] = total;
    }
  }
  return all;
}

class BatchNormRelu : public torch::autograd::Function<BatchNormRelu> {
 public:
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const at::Tensor &weight,
                            const at::Tensor &bias, const at::Tensor &running_mean, const at::Tensor &running_var,
                            double momentum, double eps) {
    Layout l = layout_of(x);
    Scratch scratch(l.chunks() * 3 * l.lanes * sizeof(float));
    auto *sums = static_cast<float *>(scratch.get());
    each_chunk(l, [&](int64_t chunk) { batch_norm::sum_inputs(bits(x), sums + chunk * 3 * l.lanes, l, chunk); });
    Moments moments = merge(sums, l);

    double n = static_cast<double>(x.numel() / l.channels);
    at::Tensor deviation = floats(l.channels), table = floats(3 * l.lanes);
    const float *w = weight.const_data_ptr<float>(), *b = bias.const_data_ptr<float>();
    float *rm = running_mean.mutable_data_ptr<float>(), *rv = running_var.mutable_data_ptr<float>();
    float *sigma = deviation.mutable_data_ptr<float>(), *t = table.mutable_data_ptr<float>();
    for (int64_t c = 0; c < l.channels; c++) {
      sigma[c] = static_cast<float>(std::sqrt(moments.squares[c] / n + eps));
      rm[c] = static_cast<float>(momentum * moments.mean[c] + (1 - momentum) * rm[c]);
      rv[c] = static_cast<float>(momentum * moments.squares[c] / (n - 1) + (1 - momentum) * rv[c]);
    }
    for (int64_t i = 0; i < l.lanes; i++) {
      int64_t c = l.channel_at(i);
      double scale = static_cast<double>(w[c]) / sigma[c];
      t[i] = static_cast<float>(scale);
      t[l.lanes + i] = static_cast<float>(b[c] - moments.mean[c] * scale);
      t[2 * l.lanes + i] = static_cast<float>(moments.mean[c]);
    }

    at::Tensor y = at::empty(x.sizes(), x.options().requires_grad(false), kLast);
    each_chunk(l, [&](int64_t chunk) { batch_norm::normalize(bits(x), t, bits(y), l, chunk); });
    context->save_for_backward({x, deviation, table});
    return y;
  }

  static variable_list backward(AutogradContext *context, const variable_list &gradients) {
    variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0];
    at::Tensor dy = gradients[0].to(at::kBFloat16).contiguous(kLast);
    Layout l = layout_of(x);
    const float *sigma = saved[1].const_data_ptr<float>(), *t = saved[2].const_data_ptr<float>();
    Scratch scratch(l.chunks() * 2 * l.lanes * sizeof(float));
    auto *sums = static_cast<float *>(scratch.get());
    each_chunk(l, [&](int64_t chunk) {
      batch_norm::sum_gradients(bits(x), bits(dy), t, sums + chunk * 2 * l.lanes, l, chunk);
    });
    std::vector<double> total(l.channels), product(l.channels);
    for (int64_t chunk = 0; chunk < l.chunks(); chunk++) {
      const float *s = sums + chunk * 2 * l.lanes;
      for (int64_t i = 0; i < l.lanes; i++) {
        total[l.channel_at(i)] += s[i];
        product[l.channel_at(i)] += s[l.lanes + i];
      }
    }

    at::Tensor dweight = floats(l.channels), dbias = floats(l.channels);
    for (int64_t c = 0; c < l.channels; c++) {
      dweight.mutable_data_ptr<float>()[c] = static_cast<float>(product[c] / sigma[c]);
      dbias.mutable_data_ptr<float>()[c] = static_cast<float>(total[c]);
    }
    if (!context->needs_input_grad(0)) return {at::Tensor(), dweight, dbias, {}, {}, {}, {}};

    double n = static_cast<double>(x.numel() / l.channels);
    std::vector<float> table(t, t + 2 * l.lanes);
    table.resize(4 * l.lanes);
    for (int64_t i = 0; i < l.lanes; i++) {
      int64_t c = l.channel_at(i);
      double scale = t[i], mean = t[2 * l.lanes + i];
      double linear = -scale * product[c] / (n * sigma[c] * sigma[c]);
      table[2 * l.lanes + i] = static_cast<float>(linear);
      table[3 * l.lanes + i] = static_cast<float>(-scale * total[c] / n - mean * linear);
    }
    at::Tensor dx = at::empty(x.sizes(), x.options().requires_grad(false), kLast);
    each_chunk(l, [&](int64_t chunk) {
      batch_norm::input_gradient(bits(x), bits(dy), table.data(), bits(dx), l, chunk);
    });
    return {dx, dweight, dbias, {}, {}, {}, {}};
  }
};

}  // namespace

bool batch_norm_relu_fits(const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias,
                          const at::Tensor &running_mean, const at::Tensor &running_var) {
  if (!fast_kernels || !has_avx512_bf16() || !x.is_cpu() || x.scalar_type() != at::kBFloat16 || x.dim() != 4 ||
      x.numel() == 0 || !x.is_contiguous(kLast) || !Layout::fits(x.numel() / x.size(1), x.size(1))) {
    return false;
  }
  for (const at::Tensor &t : {weight, bias, running_mean, running_var}) {
    if (!t.defined() || t.scalar_type() != at::kFloat || !t.is_contiguous() || t.numel() != x.size(1)) return false;
  }
  return true;
}

at::Tensor batch_norm_relu(const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias,
                           const at::Tensor &running_mean, const at::Tensor &running_var, double momentum, double eps) {
  return BatchNormRelu::apply(x, weight, bias, running_mean, running_var, momentum, eps);
}

}  // namespace bridge
