// Implements: convolutions by Winograd's algorithm as operations of libtorch.
#include "winograd.h"

#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>

#include "fast.h"
#include "scratch.h"

namespace bridge {

std::atomic<bool> fast_kernels{true};

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using winograd::Shape;

constexpr auto kLast = at::MemoryFormat::ChannelsLast;

bf16 *bits(const at::Tensor &t) { return static_cast<bf16 *>(t.data_ptr()); }

at::Tensor images(const at::Tensor &like, int64_t n, int64_t c, int64_t h, int64_t w) {
  return at::empty({n, c, h, w}, like.options().dtype(at::kBFloat16).requires_grad(false), kLast);
}

// convolve returns x's convolution with g, a float32 channels_last weight, or with rotate x is an output's gradient and
// the result the input's.
at::Tensor convolve(const at::Tensor &x, const at::Tensor &g, bool rotate) {
  int64_t out = g.size(0), in = g.size(1);
  Scratch weights(16 * in * out * sizeof(bf16));
  auto *u = static_cast<bf16 *>(weights.get());
  at::parallel_for(0, out / 16, 1, [&](int64_t begin, int64_t end) {
    winograd::transform_weights(g.const_data_ptr<float>(), u, in, out, rotate, 16 * begin, 16 * end);
  });
  Shape s{x.size(0), x.size(2), x.size(3), x.size(1), rotate ? in : out};
  at::Tensor y = images(x, s.n, s.out, s.h, s.w);
  at::parallel_for(0, winograd::blocks(s), 1, [&](int64_t begin, int64_t end) {
    Scratch scratch(winograd::convolve_scratch(s));
    winograd::convolve(bits(x), u, bits(y), s, begin, end, scratch.get());
  });
  return y;
}

// weight_gradient returns the float32 channels_last gradient of a weight [out, in, 3, 3].
at::Tensor weight_gradient(const at::Tensor &x, const at::Tensor &dy) {
  Shape s{x.size(0), x.size(2), x.size(3), x.size(1), dy.size(1)};
  int64_t chunks = winograd::gradient_chunks(s), size = 16 * s.in * s.out;
  Scratch partial(chunks * size * sizeof(float));
  auto *sums = static_cast<float *>(partial.get());
  at::parallel_for(0, chunks, 1, [&](int64_t begin, int64_t end) {
    Scratch scratch(winograd::gradient_scratch(s));
    for (int64_t chunk = begin; chunk < end; chunk++) {
      winograd::sum_chunk(bits(x), bits(dy), sums + chunk * size, s, chunk, scratch.get());
    }
  });
  at::Tensor dg = at::empty({s.out, s.in, 3, 3}, x.options().dtype(at::kFloat).requires_grad(false), kLast);
  at::parallel_for(0, s.out, 16, [&](int64_t begin, int64_t end) {
    winograd::finish_gradient(sums, dg.mutable_data_ptr<float>(), s, begin, end);
  });
  return dg;
}

class Winograd : public torch::autograd::Function<Winograd> {
 public:
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const at::Tensor &weight) {
    at::Tensor last = x.contiguous(kLast);
    context->save_for_backward({last, weight});
    return convolve(last, floats(weight), false);
  }

  static variable_list backward(AutogradContext *context, const variable_list &gradients) {
    variable_list saved = context->get_saved_variables();
    at::Tensor dy = gradients[0].to(at::kBFloat16).contiguous(kLast), dx, dw;
    if (context->needs_input_grad(0)) dx = convolve(dy, floats(saved[1]), true);
    if (context->needs_input_grad(1)) dw = weight_gradient(saved[0], dy).to(saved[1].scalar_type());
    return {dx, dw};
  }

 private:
  static at::Tensor floats(const at::Tensor &weight) {
    return weight.detach().to(at::kFloat).contiguous(kLast);
  }
};

bool both(at::IntArrayRef pair, int64_t value) { return pair.size() == 2 && pair[0] == value && pair[1] == value; }

// in_bf16 says whether libtorch would convolve these in bf16.
bool in_bf16(const at::Tensor &x, const at::Tensor &weight) {
  auto fits = [](const at::Tensor &t) { return t.scalar_type() == at::kFloat || t.scalar_type() == at::kBFloat16; };
  if (at::autocast::is_autocast_enabled(at::kCPU)) {
    return at::autocast::get_autocast_dtype(at::kCPU) == at::kBFloat16 && fits(x) && fits(weight);
  }
  return x.scalar_type() == at::kBFloat16 && weight.scalar_type() == at::kBFloat16;
}

}  // namespace

bool winograd_fits(const at::Tensor &x, const at::Tensor &weight, at::IntArrayRef stride, at::IntArrayRef padding,
                   at::IntArrayRef dilation, int64_t groups) {
  if (!fast_kernels || !winograd::supported() || !x.is_cpu() || !weight.is_cpu() || !in_bf16(x, weight)) return false;
  if (x.dim() != 4 || weight.dim() != 4 || weight.size(2) != 3 || weight.size(3) != 3) return false;
  if (!both(stride, 1) || !both(padding, 1) || !both(dilation, 1) || groups != 1) return false;
  return x.size(0) > 0 && x.size(1) == weight.size(1) && x.size(1) > 0 && x.size(1) % 16 == 0 && weight.size(0) > 0 &&
         weight.size(0) % 16 == 0 && x.size(2) > 0 && x.size(2) % 2 == 0 && x.size(3) > 0 && x.size(3) % 2 == 0;
}

at::Tensor winograd_conv2d(const at::Tensor &x, const at::Tensor &weight) {
  return Winograd::apply(x.to(at::kBFloat16), weight);
}

}  // namespace bridge
