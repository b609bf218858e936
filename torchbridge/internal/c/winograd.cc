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

template <class T>
constexpr auto kType = std::is_same_v<T, float> ? at::kFloat : at::kBFloat16;

// Winograd is the convolution of activations whose elements are T.
template <class T>
class Winograd : public torch::autograd::Function<Winograd<T>> {
  using Kernels = winograd::Kernels<T>;

 public:
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const at::Tensor &weight) {
    at::Tensor last = x.contiguous(kLast);
    context->save_for_backward({last, weight});
    return convolve(last, floats(weight), false);
  }

  static variable_list backward(AutogradContext *context, const variable_list &gradients) {
    variable_list saved = context->get_saved_variables();
    at::Tensor dy = gradients[0].to(kType<T>).contiguous(kLast), dx, dw;
    if (context->needs_input_grad(0)) dx = convolve(dy, floats(saved[1]), true);
    if (context->needs_input_grad(1)) dw = weight_gradient(saved[0], dy).to(saved[1].scalar_type());
    return {dx, dw};
  }

 private:
  static T *elements(const at::Tensor &t) { return static_cast<T *>(t.data_ptr()); }

  static at::Tensor floats(const at::Tensor &weight) {
    return weight.detach().to(at::kFloat).contiguous(kLast);
  }

  // convolve returns x's convolution with g, a float32 channels_last weight, or with rotate x is an output's gradient and
  // the result the input's.
  static at::Tensor convolve(const at::Tensor &x, const at::Tensor &g, bool rotate) {
    int64_t out = g.size(0), in = g.size(1);
    Scratch weights(16 * in * out * sizeof(T));
    auto *u = static_cast<T *>(weights.get());
    at::parallel_for(0, out / 16, 1, [&](int64_t begin, int64_t end) {
      Kernels::transform_weights(g.const_data_ptr<float>(), u, in, out, rotate, 16 * begin, 16 * end);
    });
    Shape s{x.size(0), x.size(2), x.size(3), x.size(1), rotate ? in : out};
    at::Tensor y = at::empty({s.n, s.out, s.h, s.w}, x.options().requires_grad(false), kLast);
    int64_t blocks = (s.tiles() + Kernels::block_tiles(s) - 1) / Kernels::block_tiles(s);
    at::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
      Scratch scratch(Kernels::convolve_scratch(s));
      Kernels::convolve(elements(x), u, elements(y), s, begin, end, scratch.get());
    });
    return y;
  }

  // weight_gradient returns the float32 channels_last gradient of a weight [out, in, 3, 3].
  static at::Tensor weight_gradient(const at::Tensor &x, const at::Tensor &dy) {
    Shape s{x.size(0), x.size(2), x.size(3), x.size(1), dy.size(1)};
    int64_t chunks = Kernels::gradient_chunks(s), size = 16 * s.in * s.out;
    Scratch partial(chunks * size * sizeof(float));
    auto *sums = static_cast<float *>(partial.get());
    at::parallel_for(0, chunks, 1, [&](int64_t begin, int64_t end) {
      Scratch scratch(Kernels::gradient_scratch(s));
      for (int64_t chunk = begin; chunk < end; chunk++) {
        Kernels::sum_chunk(elements(x), elements(dy), sums + chunk * size, s, chunk, scratch.get());
      }
    });
    at::Tensor dg = at::empty({s.out, s.in, 3, 3}, x.options().dtype(at::kFloat).requires_grad(false), kLast);
    at::parallel_for(0, s.out, 16, [&](int64_t begin, int64_t end) {
      Kernels::finish_gradient(sums, dg.mutable_data_ptr<float>(), s, begin, end);
    });
    return dg;
  }
};

bool both(at::IntArrayRef pair, int64_t value) { return pair.size() == 2 && pair[0] == value && pair[1] == value; }

bool autocasts() { return at::autocast::is_autocast_enabled(at::kCPU); }

bool both_are(at::ScalarType type, const at::Tensor &x, const at::Tensor &weight) {
  return x.scalar_type() == type && weight.scalar_type() == type;
}

// in_bf16 and in_float say whether libtorch would convolve these so.
bool in_bf16(const at::Tensor &x, const at::Tensor &weight) {
  auto fits = [](const at::Tensor &t) { return t.scalar_type() == at::kFloat || t.scalar_type() == at::kBFloat16; };
  if (autocasts()) return at::autocast::get_autocast_dtype(at::kCPU) == at::kBFloat16 && fits(x) && fits(weight);
  return both_are(at::kBFloat16, x, weight);
}

bool in_float(const at::Tensor &x, const at::Tensor &weight) { return !autocasts() && both_are(at::kFloat, x, weight); }

}  // namespace

bool winograd_fits(const at::Tensor &x, const at::Tensor &weight, at::IntArrayRef stride, at::IntArrayRef padding,
                   at::IntArrayRef dilation, int64_t groups) {
  if (!fast_kernels || !x.is_cpu() || !weight.is_cpu()) return false;
  if (!(in_bf16(x, weight) && winograd::Kernels<bf16>::supported()) &&
      !(in_float(x, weight) && x.is_contiguous(kLast) && winograd::Kernels<float>::supported())) {
    return false;
  }
  if (x.dim() != 4 || weight.dim() != 4 || weight.size(2) != 3 || weight.size(3) != 3) return false;
  if (!both(stride, 1) || !both(padding, 1) || !both(dilation, 1) || groups != 1) return false;
  return x.size(0) > 0 && x.size(1) == weight.size(1) && x.size(1) > 0 && x.size(1) % 16 == 0 && weight.size(0) > 0 &&
         weight.size(0) % 16 == 0 && x.size(2) > 0 && x.size(2) % 2 == 0 && x.size(3) > 0 && x.size(3) % 2 == 0;
}

at::Tensor winograd_conv2d(const at::Tensor &x, const at::Tensor &weight) {
  if (in_float(x, weight)) return Winograd<float>::apply(x, weight);
  return Winograd<bf16>::apply(x.to(at::kBFloat16), weight);
}

}  // namespace bridge
