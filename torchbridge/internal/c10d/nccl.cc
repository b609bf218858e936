//go:build cuda

// Implements: groups over NCCL.
#define USE_C10D_NCCL
#include <c10/core/DeviceGuard.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

#include "group.h"

using namespace bridge;

td_error td_nccl_new(td_store s, const char *prefix, int rank, int size, int device, int64_t timeout, td_group *out) {
  return attempt([&] {
    c10::DeviceGuard guard(at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(device)));
    auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = std::chrono::milliseconds(timeout);
    auto keys = c10::make_intrusive<c10d::PrefixStore>(prefix, store(s));
    auto made = c10::make_intrusive<c10d::ProcessGroupNCCL>(keys, rank, size, options);
    made->setBoundDeviceId(at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(device)));
    *out = new Group(std::move(made));
  });
}
