// Implements: stores, groups over gloo, and what groups of either kind do together.
#include <c10/util/Flags.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <cstdlib>
#include <cstring>

#include "group.h"

using namespace bridge;

C10_DECLARE_int(caffe2_log_level);

namespace {

// hush keeps c10d from writing each attempt to connect to standard error with a stack: what matters comes back as an error.
void hush() {
  constexpr int kFatal = 3;
  if (!std::getenv("TORCH_CPP_LOG_LEVEL")) FLAGS_caffe2_log_level = kFatal;
}

}  // namespace

td_error td_store_new(const char *host, int port, bool server, int64_t timeout, td_store *out, int *used) {
  return attempt([&] {
    hush();
    c10d::TCPStoreOptions options;
    options.port = static_cast<uint16_t>(port);
    options.isServer = server;
    options.waitWorkers = false;
    options.timeout = std::chrono::milliseconds(timeout);
    auto made = c10::make_intrusive<c10d::TCPStore>(host, options);
    *used = made->getPort();
    *out = new Store(std::move(made));
  });
}

td_error td_store_set(td_store s, const char *key, const char *value, int64_t n) {
  return attempt([&] { store(s)->set(key, std::vector<uint8_t>(value, value + n)); });
}

td_error td_store_get(td_store s, const char *key, char **value, int64_t *n) {
  return attempt([&] {
    std::vector<uint8_t> got = store(s)->get(key);
    *n = static_cast<int64_t>(got.size());
    *value = static_cast<char *>(std::malloc(got.size() + 1));
    std::memcpy(*value, got.data(), got.size());
  });
}

td_error td_store_add(td_store s, const char *key, int64_t delta, int64_t *sum) {
  return attempt([&] { *sum = store(s)->add(key, delta); });
}

td_error td_store_wait(td_store s, const char *key, int64_t timeout) {
  return attempt([&] { store(s)->wait({key}, std::chrono::milliseconds(timeout)); });
}

void td_store_free(td_store s) { delete static_cast<Store *>(s); }

td_error td_gloo_new(td_store s, const char *prefix, int rank, int size, const char *address, const char *interface,
                     int64_t timeout, td_group *out) {
  return attempt([&] {
    auto options = c10d::ProcessGroupGloo::Options::create(std::chrono::milliseconds(timeout));
    options->devices.push_back(*interface ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
                                          : c10d::ProcessGroupGloo::createDeviceForHostname(address));
    auto keys = c10::make_intrusive<c10d::PrefixStore>(prefix, store(s));
    *out = new Group(c10::make_intrusive<c10d::ProcessGroupGloo>(keys, rank, size, options));
  });
}

td_error td_all_reduce(td_group g, tb_tensor t) {
  return attempt([&] {
    std::vector<at::Tensor> tensors{tensor(t)};
    c10d::AllreduceOptions options;
    options.asyncOp = false;
    wait(group(g)->allreduce(tensors, options));
  });
}

td_error td_broadcast(td_group g, tb_tensor t, int root) {
  return attempt([&] {
    std::vector<at::Tensor> tensors{tensor(t)};
    c10d::BroadcastOptions options;
    options.rootRank = root;
    options.asyncOp = false;
    wait(group(g)->broadcast(tensors, options));
  });
}

td_error td_barrier(td_group g, int device) {
  return attempt([&] {
    c10d::BarrierOptions options;
    if (device >= 0) options.device_ids = {device};
    wait(group(g)->barrier(options));
  });
}

void td_group_free(td_group g) { delete static_cast<Group *>(g); }
