// The kernels of rows.h. rows.cc includes this once for each instruction set, in a namespace of its own; the compiler
// vectorises the loops over channels. Nothing of the standard library is called here: what is compiled for one CPU must
// not become the program's only copy.

inline float widen(float v) { return v; }
inline float widen(bf16 v) { return __builtin_bit_cast(float, static_cast<uint32_t>(v) << 16); }

// narrow rounds to the nearest, ties to even.
inline void narrow(float v, float &out) { out = v; }
inline void narrow(float v, bf16 &out) {
  uint32_t b = __builtin_bit_cast(uint32_t, v);
  out = v != v ? 0x7fc0 : static_cast<bf16>((b + 0x7fff + (b >> 16 & 1)) >> 16);
}

// sigmoid is 1/(1+e^−t): e^−t = 2^n·2^r with r from −1/2 to 1/2, whose Taylor polynomial errs by 1e-8.
inline float sigmoid(float t) {
  float v = t * -1.44269504f;
  v = v < -100 ? -100 : v > 100 ? 100 : v;  // Beyond, the result is 1 or 0 within 1e-30.
  const float shift = 12582912;             // 1.5·2^23: adding it leaves the nearest integer in the last bits.
  float n = (v + shift) - shift, r = v - n;
  float p = 1.5252734e-5f;  // ln(2)^k / k!
  p = p * r + 1.5403530e-4f;
  p = p * r + 1.3333558e-3f;
  p = p * r + 9.6181291e-3f;
  p = p * r + 5.5504109e-2f;
  p = p * r + 2.4022651e-1f;
  p = p * r + 6.9314718e-1f;
  p = p * r + 1;
  float power = __builtin_bit_cast(float, (static_cast<int32_t>(n) + 127) << 23);
  return 1 / (1 + p * power);
}

constexpr float kQuick = 1.702f;

template <Activation A>
inline float activate(float z) {
  if constexpr (A == Activation::kRelu) return z > 0 ? z : z != z ? z : 0;
  if constexpr (A == Activation::kQuickGelu) return z * sigmoid(kQuick * z);
  return z;
}

// derive returns dy·act'(z).
template <Activation A>
inline float derive(float dy, float z) {
  if constexpr (A == Activation::kRelu) return z > 0 ? dy : 0;
  if constexpr (A == Activation::kQuickGelu) {
    float s = sigmoid(kQuick * z);
    return dy * s * (1 + kQuick * z * (1 - s));
  }
  return dy;
}

// Sums of four rows at a time leave and enter memory once, and err less.
template <class T>
void sum_inputs(Part<const T> x, Size s, float *__restrict sums) {
  float *__restrict shift = sums, *__restrict sum = sums + s.channels, *__restrict square = sum + s.channels;
  for (int64_t c = 0; c < s.channels; c++) {
    shift[c] = widen(x.data[c]);
    sum[c] = square[c] = 0;
  }
  int64_t row = 0;
  for (; row + 4 <= s.count; row += 4) {
    const T *p = x.data + row * x.stride, *q = p + x.stride, *r = q + x.stride, *t = r + x.stride;
#pragma omp simd
    for (int64_t c = 0; c < s.channels; c++) {
      float k = shift[c], a = widen(p[c]) - k, b = widen(q[c]) - k, d = widen(r[c]) - k, e = widen(t[c]) - k;
      sum[c] += (a + b) + (d + e);
      square[c] += (a * a + b * b) + (d * d + e * e);
    }
  }
  for (; row < s.count; row++) {
    const T *p = x.data + row * x.stride;
#pragma omp simd
    for (int64_t c = 0; c < s.channels; c++) {
      float a = widen(p[c]) - shift[c];
      sum[c] += a;
      square[c] += a * a;
    }
  }
}

template <class T, Activation A, bool kResidual>
void normalize_as(Part<const T> x, Part<const T> residual, const float *__restrict table, Part<T> y, Size s) {
  const float *__restrict scale = table, *__restrict offset = table + s.channels;
  for (int64_t row = 0; row < s.count; row++) {
    const T *__restrict p = x.data + row * x.stride, *__restrict r = residual.data + row * residual.stride;
    T *__restrict out = y.data + row * y.stride;
#pragma omp simd
    for (int64_t c = 0; c < s.channels; c++) {
      float z = widen(p[c]) * scale[c] + offset[c];
      if constexpr (kResidual) z += widen(r[c]);
      narrow(activate<A>(z), out[c]);
    }
  }
}

template <class T>
void normalize(Activation act, Part<const T> x, Part<const T> residual, const float *table, Part<T> y, Size s) {
  using enum Activation;
  bool add = residual.data;
  switch (act) {
    case kRelu:
      return add ? normalize_as<T, kRelu, true>(x, residual, table, y, s)
                 : normalize_as<T, kRelu, false>(x, x, table, y, s);
    case kQuickGelu: return normalize_as<T, kQuickGelu, false>(x, x, table, y, s);
    case kNone: return normalize_as<T, kNone, false>(x, x, table, y, s);
  }
}

template <class T, Activation A>
void sum_gradients_as(Part<const T> x, Part<const T> dy, const float *__restrict table, Size s, float *__restrict sums) {
  const float *__restrict scale = table, *__restrict offset = table + s.channels, *__restrict mean = offset + s.channels;
  float *__restrict sum = sums, *__restrict product = sums + s.channels;
  for (int64_t c = 0; c < s.channels; c++) sum[c] = product[c] = 0;
  int64_t row = 0;
  for (; row + 2 <= s.count; row += 2) {
    const T *__restrict p = x.data + row * x.stride, *__restrict q = p + x.stride;
    const T *__restrict d = dy.data + row * dy.stride, *__restrict e = d + dy.stride;
#pragma omp simd
    for (int64_t c = 0; c < s.channels; c++) {
      float a = widen(p[c]), b = widen(q[c]), k = scale[c], o = offset[c], m = mean[c];
      float g = derive<A>(widen(d[c]), a * k + o), h = derive<A>(widen(e[c]), b * k + o);
      sum[c] += g + h;
      product[c] += g * (a - m) + h * (b - m);
    }
  }
  if (row < s.count) {
    const T *__restrict p = x.data + row * x.stride, *__restrict d = dy.data + row * dy.stride;
#pragma omp simd
    for (int64_t c = 0; c < s.channels; c++) {
      float a = widen(p[c]), g = derive<A>(widen(d[c]), a * scale[c] + offset[c]);
      sum[c] += g;
      product[c] += g * (a - mean[c]);
    }
  }
}

template <class T>
void sum_gradients(Activation act, Part<const T> x, Part<const T> dy, const float *table, Size s, float *sums) {
  using enum Activation;
  switch (act) {
    case kRelu: return sum_gradients_as<T, kRelu>(x, dy, table, s, sums);
    case kQuickGelu: return sum_gradients_as<T, kQuickGelu>(x, dy, table, s, sums);
    case kNone: return sum_gradients_as<T, kNone>(x, dy, table, s, sums);
  }
}

template <class T, Activation A>
void input_gradient_as(Part<const T> x, Part<const T> dy, const float *__restrict table, Part<T> dx, Size s) {
  const float *__restrict scale = table, *__restrict offset = scale + s.channels, *__restrict linear = offset + s.channels;
  const float *__restrict constant = linear + s.channels, *__restrict rest = constant + s.channels;
  for (int64_t row = 0; row < s.count; row++) {
    const T *__restrict p = x.data + row * x.stride, *__restrict d = dy.data + row * dy.stride;
    T *__restrict out = dx.data + row * dx.stride;
#pragma omp simd
    for (int64_t c = 0; c < s.channels; c++) {
      float a = widen(p[c]), g = derive<A>(widen(d[c]), a * scale[c] + offset[c]);
      narrow((g * scale[c] + (a * linear[c] + rest[c])) + constant[c], out[c]);
    }
  }
}

template <class T>
void input_gradient(Activation act, Part<const T> x, Part<const T> dy, const float *table, Part<T> dx, Size s) {
  using enum Activation;
  switch (act) {
    case kRelu: return input_gradient_as<T, kRelu>(x, dy, table, dx, s);
    case kQuickGelu: return input_gradient_as<T, kQuickGelu>(x, dy, table, dx, s);
    case kNone: return input_gradient_as<T, kNone>(x, dy, table, dx, s);
  }
}

template <class T>
void mask_gradient(Part<const T> y, Part<const T> dy, Part<T> g, Size s) {
  for (int64_t row = 0; row < s.count; row++) {
    const T *__restrict p = y.data + row * y.stride, *__restrict d = dy.data + row * dy.stride;
    T *__restrict out = g.data + row * g.stride;
#pragma omp simd
    for (int64_t c = 0; c < s.channels; c++) narrow(widen(p[c]) > 0 ? widen(d[c]) : 0, out[c]);
  }
}

template <class T>
constexpr Kernels<T> kAll{sum_inputs<T>, normalize<T>, sum_gradients<T>, input_gradient<T>, mask_gradient<T>};
