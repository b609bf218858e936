// What every C++ file of the bridge shares: the exception fence and the handles.
#ifndef TORCHBRIDGE_GUARD_H
#define TORCHBRIDGE_GUARD_H

#if !__has_include("libtorch_version.h")
#error "libtorch is not set up: run `make setup` in the repository's root"
#endif
#include "libtorch_version.h"

#include <ATen/core/Tensor.h>

#include <string>
#include <tuple>
#include <utility>

#include "bridge.h"

namespace bridge {

// message returns a malloc'd copy of a text that never is null.
char *message(const char *text);

// adopt hands a tensor to the caller and counts it; the undefined tensor stays a null pointer.
tb_tensor adopt(at::Tensor t);

int64_t current_scope();

// device returns where this thread's new tensors lie.
at::Device device();

inline at::Device device_of(int index) {
  return index < 0 ? at::Device(at::kCPU) : at::Device(at::kCUDA, static_cast<at::DeviceIndex>(index));
}

inline at::Tensor tensor(tb_tensor p) { return p ? *static_cast<at::Tensor *>(p) : at::Tensor(); }

inline std::optional<at::Tensor> optional(tb_tensor p) {
  return p ? std::optional<at::Tensor>(tensor(p)) : std::nullopt;
}

// list copies the handles; a TensorList over it is valid while it lives.
inline std::vector<at::Tensor> list(tb_tensor *tensors, int64_t n) {
  std::vector<at::Tensor> out;
  out.reserve(n);
  for (int64_t i = 0; i < n; i++) out.push_back(tensor(tensors[i]));
  return out;
}

// fence runs f and returns what it threw as a text, or null.
template <class F>
char *fence(F f) {
  try {
    f();
    return nullptr;
  } catch (const c10::Error &e) {
    return message(e.what_without_backtrace());
  } catch (const std::exception &e) {
    return message(e.what());
  } catch (...) {
    return message("unknown C++ exception");
  }
}

// one wraps an operation that makes a tensor.
template <class F>
tb_result one(F f) {
  tb_result r{nullptr, nullptr, current_scope(), nullptr};
  r.error = fence([&] { r.tensor = adopt(f()); });
  return r;
}

// two wraps an operation that makes a pair of tensors.
template <class F>
tb_result two(F f) {
  tb_result r{nullptr, nullptr, current_scope(), nullptr};
  r.error = fence([&] {
    auto [a, b] = f();
    r.tensor = adopt(std::move(a));
    r.second = adopt(std::move(b));
  });
  return r;
}

inline at::IntArrayRef ints(const int64_t *p, int64_t n) { return at::IntArrayRef(p, static_cast<size_t>(n)); }
inline at::IntArrayRef pair(const int64_t *p) { return ints(p, 2); }
inline at::ScalarType scalar_type(int dtype) { return static_cast<at::ScalarType>(dtype); }

}  // namespace bridge
#endif
