//go:build cuda

// Implements: devices, their memory, and memory that they read.
#include "headers.h"

#include <ATen/Context.h>
#include <ATen/cuda/CUDAContextLight.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/cuda/CUDAFunctions.h>
#include <dlfcn.h>

#include <cstdio>

#include "cuda.h"
#include "guard.h"

using namespace bridge;

namespace {

// loaded returns a function of a library that libtorch_cuda.so has loaded. Linking against that library would make the
// loader look for it before it knows libtorch_cuda.so's own paths.
template <class F>
F *loaded(const char *name) {
  auto *f = reinterpret_cast<F *>(dlsym(RTLD_DEFAULT, name));
  TORCH_CHECK(f, "CUDA's libraries have no ", name);
  return f;
}

struct Devices {
  int count = 0;
  std::string reason;  // Why there is none.
};

// devices looks once. libtorch's own count prints a warning where there is no driver, which is no fault here.
const Devices &devices() {
  static const Devices found = [] {
    Devices d;
    if (char *text = fence([&] { d.count = c10::cuda::device_count_ensure_non_zero(); })) {
      d.reason = text;
      free(text);
    }
    return d;
  }();
  return found;
}

at::DeviceAllocator *allocator() {
  at::globalContext().lazyInitDevice(at::kCUDA);
  return at::getDeviceAllocator(at::kCUDA);
}

// version asks f and returns 0 where the library is not there.
template <class F>
int version(F f) {
  int v = 0;
  free(fence([&] { v = static_cast<int>(f()); }));
  return v;
}

template <class Code>
int asked(const char *name) {
  return version([&] {
    int v = 0;
    return loaded<Code(int *)>(name)(&v) == Code{} ? v : 0;
  });
}

}  // namespace

int tc_device_count(void) { return devices().count; }

char *tc_no_device(void) { return devices().count ? nullptr : message(devices().reason.c_str()); }

char *tc_current_device(int *out) {
  return fence([&] { *out = c10::cuda::current_device(); });
}

char *tc_get_properties(int device, tc_properties *out) {
  return fence([&] {
    TORCH_CHECK(device >= 0 && device < devices().count, "there is no CUDA device ", device);
    const cudaDeviceProp *p = at::cuda::getDeviceProperties(static_cast<at::DeviceIndex>(device));
    snprintf(out->name, sizeof out->name, "%s", p->name);
    out->major = p->major;
    out->minor = p->minor;
    out->memory = static_cast<int64_t>(p->totalGlobalMem);
  });
}

void tc_versions(int *runtime, int *driver, int *cudnn, int *nccl) {
  *runtime = asked<cudaError_t>("cudaRuntimeGetVersion");
  *driver = asked<cudaError_t>("cudaDriverGetVersion");
  *cudnn = version([] { return at::detail::getCUDAHooks().versionRuntimeCuDNN(); });
  *nccl = asked<int>("ncclGetVersion");
}

char *tc_synchronize_device(int device) {
  return fence([&] {
    c10::impl::VirtualGuardImpl(at::kCUDA).synchronizeDevice(static_cast<at::DeviceIndex>(device));
  });
}

char *tc_memory_allocated(int device, int64_t *now, int64_t *peak) {
  return fence([&] {
    auto stats = allocator()->getDeviceStats(static_cast<at::DeviceIndex>(device));
    const auto &all = stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)];
    *now = all.current;
    *peak = all.peak;
  });
}

char *tc_empty_cache(void) {
  return fence([&] { allocator()->emptyCache(); });
}

// Memory of cudaHostAlloc itself: libtorch's allocator of such memory asks events whether copies are done, which may not
// happen while this thread captures.
tb_result tc_pinned(const int64_t *shape, int64_t n, int dtype) {
  return one([&] {
    at::TensorOptions options(scalar_type(dtype));
    int64_t bytes = c10::multiply_integers(ints(shape, n)) * static_cast<int64_t>(options.dtype().itemsize());
    if (bytes <= 0) return at::empty(ints(shape, n), options);
    c10::OptionalDeviceGuard guard;  // The locking makes a context on the current device.
    if (device().is_cuda()) guard.reset_device(device());
    void *memory = nullptr;
    auto code = loaded<cudaError_t(void **, size_t, unsigned)>("cudaHostAlloc")(&memory, static_cast<size_t>(bytes), 0);
    TORCH_CHECK(code == cudaSuccess, "cannot lock ", bytes, " bytes of memory for the CUDA device: ",
                loaded<const char *(cudaError_t)>("cudaGetErrorString")(code));
    static auto *release = loaded<cudaError_t(void *)>("cudaFreeHost");
    return at::from_blob(memory, ints(shape, n), [](void *p) { release(p); }, options);
  });
}
