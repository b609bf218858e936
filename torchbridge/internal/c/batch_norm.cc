// Implements: batch normalisation in training, what is added to it and its activation as one operation of libtorch.
#include "batch_norm.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

#include "fast.h"
#include "rows.h"
#include "scratch.h"

namespace bridge {
namespace {

using batch_norm::Layout;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr auto kLast = at::MemoryFormat::ChannelsLast;

at::Tensor floats(int64_t n) { return at::empty({n}, at::TensorOptions(at::kFloat)); }

template <class F>
void each_chunk(const Layout &l, const F &f) {
  at::parallel_for(0, l.chunks(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t chunk = begin; chunk < end; chunk++) f(chunk);
  });
}

// Paired and Rows are the kernels for activations whose elements are `Element`.
struct Paired {
  using Element = bf16;
  static Layout layout(int64_t count, int64_t channels) { return Layout::pairs(count, channels); }
  static void sum_inputs(const bf16 *x, float *sums, const Layout &l, int64_t chunk) {
    batch_norm::sum_inputs(x, sums, l, chunk);
  }
  static void normalize(Activation act, const bf16 *x, const bf16 *residual, const float *table, bf16 *y,
                        const Layout &l, int64_t chunk) {
    batch_norm::normalize(act, x, residual, table, y, l, chunk);
  }
  static void sum_gradients(Activation act, const bf16 *x, const bf16 *dy, const float *table, float *sums,
                            const Layout &l, int64_t chunk) {
    batch_norm::sum_gradients(act, x, dy, table, sums, l, chunk);
  }
  static void input_gradient(Activation act, const bf16 *x, const bf16 *dy, const float *table, bf16 *dx,
                             const Layout &l, int64_t chunk) {
    batch_norm::input_gradient(act, x, dy, table, dx, l, chunk);
  }
  static void mask_gradient(const bf16 *y, const bf16 *dy, bf16 *g, const Layout &l, int64_t chunk) {
    batch_norm::mask_gradient(y, dy, g, l, chunk);
  }
};

template <class T>
struct Rows {
  using Element = T;
  using Part = rows::Part<T>;
  using ConstPart = rows::Part<const T>;
  static const rows::Kernels<T> &k() { return rows::kernels<T>(); }
  static Layout layout(int64_t count, int64_t channels) { return Layout::plain(count, channels); }
  static ConstPart part(const T *x, const Layout &l, int64_t chunk) {
    return {x ? x + l.chunk_begin(chunk) : nullptr, l.lanes};
  }
  static Part part(T *x, const Layout &l, int64_t chunk) { return {x + l.chunk_begin(chunk), l.lanes}; }
  static rows::Size size(const Layout &l, int64_t chunk) { return {l.chunk_size(chunk), l.lanes}; }

  static void sum_inputs(const T *x, float *sums, const Layout &l, int64_t chunk) {
    k().sum_inputs(part(x, l, chunk), size(l, chunk), sums);
  }
  static void normalize(Activation act, const T *x, const T *residual, const float *table, T *y, const Layout &l,
                        int64_t chunk) {
    k().normalize(act, part(x, l, chunk), part(residual, l, chunk), table, part(y, l, chunk), size(l, chunk));
  }
  static void sum_gradients(Activation act, const T *x, const T *dy, const float *table, float *sums, const Layout &l,
                            int64_t chunk) {
    k().sum_gradients(act, part(x, l, chunk), part(dy, l, chunk), table, size(l, chunk), sums);
  }
  static void input_gradient(Activation act, const T *x, const T *dy, const float *table, T *dx, const Layout &l,
                             int64_t chunk) {
    k().input_gradient(act, part(x, l, chunk), part(dy, l, chunk), table, part(dx, l, chunk), size(l, chunk));
  }
  static void mask_gradient(const T *y, const T *dy, T *g, const Layout &l, int64_t chunk) {
    k().mask_gradient(part(y, l, chunk), part(dy, l, chunk), part(g, l, chunk), size(l, chunk));
  }
};

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

template <class K>
class BatchNormAct : public torch::autograd::Function<BatchNormAct<K>> {
  using Element = typename K::Element;
  static Element *bits(const at::Tensor &t) { return static_cast<Element *>(t.data_ptr()); }
  static Layout layout_of(const at::Tensor &x) { return K::layout(x.numel() / x.size(1), x.size(1)); }

 public:
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const std::optional<at::Tensor> &residual,
                            const at::Tensor &weight, const at::Tensor &bias, const at::Tensor &running_mean,
                            const at::Tensor &running_var, double momentum, double eps, int64_t activation) {
    auto act = static_cast<Activation>(activation);
    Layout l = layout_of(x);
    Scratch scratch(l.chunks() * 3 * l.lanes * sizeof(float));
    auto *sums = static_cast<float *>(scratch.get());
    each_chunk(l, [&](int64_t chunk) { K::sum_inputs(bits(x), sums + chunk * 3 * l.lanes, l, chunk); });
    Moments moments = merge(sums, l);

    double n = static_cast<double>(x.numel() / l.channels);
    at::Tensor statistics = at::empty({2, l.channels}, at::TensorOptions(at::kDouble)), table = floats(3 * l.lanes);
    const float *w = weight.const_data_ptr<float>(), *b = bias.const_data_ptr<float>();
    float *rm = running_mean.mutable_data_ptr<float>(), *rv = running_var.mutable_data_ptr<float>();
    double *mean = statistics.mutable_data_ptr<double>(), *sigma = mean + l.channels;
    float *t = table.mutable_data_ptr<float>();
    for (int64_t c = 0; c < l.channels; c++) {
      mean[c] = moments.mean[c];
      sigma[c] = std::sqrt(moments.squares[c] / n + eps);
      rm[c] = static_cast<float>(momentum * moments.mean[c] + (1 - momentum) * rm[c]);
      rv[c] = static_cast<float>(momentum * moments.squares[c] / (n - 1) + (1 - momentum) * rv[c]);
    }
    for (int64_t i = 0; i < l.lanes; i++) {
      int64_t c = l.channel_at(i);
      double scale = w[c] / sigma[c];
      t[i] = static_cast<float>(scale);
      t[l.lanes + i] = static_cast<float>(b[c] - mean[c] * scale);
      t[2 * l.lanes + i] = static_cast<float>(mean[c]);
    }

    at::Tensor y = at::empty(x.sizes(), x.options().requires_grad(false), kLast);
    const Element *add = residual ? bits(*residual) : nullptr;
    each_chunk(l, [&](int64_t chunk) { K::normalize(act, bits(x), add, t, bits(y), l, chunk); });
    // Where something was added, x alone does not tell what the ReLU let through.
    context->save_for_backward({x, statistics, table, add ? y : at::Tensor()});
    context->saved_data["activation"] = activation;
    return y;
  }

  static variable_list backward(AutogradContext *context, const variable_list &gradients) {
    variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0];
    at::Tensor dy = gradients[0].to(x.scalar_type()).contiguous(kLast);
    Layout l = layout_of(x);
    auto act = static_cast<Activation>(context->saved_data["activation"].toInt());
    if (saved[3].defined()) {
      at::Tensor g = at::empty(x.sizes(), x.options().requires_grad(false), kLast);
      each_chunk(l, [&](int64_t chunk) { K::mask_gradient(bits(saved[3]), bits(dy), bits(g), l, chunk); });
      dy = g;
      act = Activation::kNone;
    }
    at::Tensor dresidual = saved[3].defined() ? dy : at::Tensor();
    const double *mean = saved[1].const_data_ptr<double>(), *sigma = mean + l.channels;
    const float *t = saved[2].const_data_ptr<float>();
    Scratch scratch(l.chunks() * 2 * l.lanes * sizeof(float));
    auto *sums = static_cast<float *>(scratch.get());
    each_chunk(l, [&](int64_t chunk) {
      K::sum_gradients(act, bits(x), bits(dy), t, sums + chunk * 2 * l.lanes, l, chunk);
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
    if (!context->needs_input_grad(0)) return {at::Tensor(), dresidual, dweight, dbias, {}, {}, {}, {}, {}};

    double n = static_cast<double>(x.numel() / l.channels);
    std::vector<float> table(t, t + 2 * l.lanes);
    table.resize(5 * l.lanes);
    for (int64_t i = 0; i < l.lanes; i++) {
      int64_t c = l.channel_at(i);
      // The constant belongs to the rounded factors, so that the gradients of all pixels have no common error.
      double scale = t[i];
      auto linear = static_cast<float>(-scale * product[c] / (n * sigma[c] * sigma[c]));
      double constant = -scale * total[c] / n - mean[c] * linear;
      auto rounded = static_cast<float>(constant);
      table[2 * l.lanes + i] = linear;
      table[3 * l.lanes + i] = rounded;
      table[4 * l.lanes + i] = static_cast<float>(constant - rounded);
    }
    at::Tensor dx = at::empty(x.sizes(), x.options().requires_grad(false), kLast);
    each_chunk(l, [&](int64_t chunk) {
      K::input_gradient(act, bits(x), bits(dy), table.data(), bits(dx), l, chunk);
    });
    return {dx, dresidual, dweight, dbias, {}, {}, {}, {}, {}};
  }
};

}  // namespace

bool batch_norm_act_fits(const at::Tensor &x, const at::Tensor &residual, const at::Tensor &weight,
                         const at::Tensor &bias, const at::Tensor &running_mean, const at::Tensor &running_var) {
  auto plain = [&](const at::Tensor &t) {
    return t.is_cpu() && t.scalar_type() == x.scalar_type() && t.dim() == 4 && t.is_contiguous(kLast);
  };
  if (!fast_kernels || (x.scalar_type() != at::kFloat && x.scalar_type() != at::kBFloat16) || !plain(x) ||
      x.numel() < 2 * x.size(1) || x.size(1) < 1) {
    return false;
  }
  if (residual.defined() && (!plain(residual) || residual.sizes() != x.sizes())) return false;
  for (const at::Tensor &t : {weight, bias, running_mean, running_var}) {
    if (!t.defined() || !t.is_cpu() || t.scalar_type() != at::kFloat || !t.is_contiguous() || t.numel() != x.size(1)) {
      return false;
    }
  }
  return true;
}

at::Tensor batch_norm_act(const at::Tensor &x, const at::Tensor &residual, const at::Tensor &weight,
                          const at::Tensor &bias, const at::Tensor &running_mean, const at::Tensor &running_var,
                          double momentum, double eps, Activation act) {
  auto apply = [&](auto kernels) {
    std::optional<at::Tensor> add = residual.defined() ? std::optional(residual) : std::nullopt;
    return BatchNormAct<decltype(kernels)>::apply(x, add, weight, bias, running_mean, running_var, momentum, eps,
                                                  static_cast<int64_t>(act));
  };
  if (x.scalar_type() == at::kFloat) return apply(Rows<float>{});
  bool paired = has_avx512_bf16() && Layout::fits_pairs(x.numel() / x.size(1), x.size(1));
  return paired ? apply(Paired{}) : apply(Rows<bf16>{});
}

}  // namespace bridge
