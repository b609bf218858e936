// Implements: rows.h, by compiling rows_kernels.h for each instruction set.
#include "rows.h"

// No one asks whether an operation trapped, and only so does GCC turn every condition on a float into a mask.
#pragma GCC optimize("no-trapping-math")

namespace bridge::rows {
namespace {

namespace plain {
#include "rows_kernels.h"
}

#if defined(__x86_64__)
// From here on code is for CPUs with AVX2 (v3) and AVX-512 (v4); templates of the headers above keep their target.
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v3")
namespace v3 {
#include "rows_kernels.h"
}
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v4,prefer-vector-width=512")
namespace v4 {
#include "rows_kernels.h"
}
#pragma GCC pop_options
#endif

}  // namespace

template <class T>
const Kernels<T> &kernels() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("x86-64-v4")) return v4::kAll<T>;
  if (__builtin_cpu_supports("x86-64-v3")) return v3::kAll<T>;
#endif
  return plain::kAll<T>;
}

template const Kernels<float> &kernels<float>();
template const Kernels<bf16> &kernels<bf16>();

}  // namespace bridge::rows
