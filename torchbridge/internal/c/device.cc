// Implements: where tensors lie.

#include "guard.h"

namespace bridge {

static thread_local at::Device current(at::kCPU);

at::Device device() { return current; }

}  // namespace bridge

using namespace bridge;

static int index_of(at::Device d) { return d.is_cpu() ? -1 : d.index(); }

int tb_swap_device(int index) { return index_of(std::exchange(current, device_of(index))); }

int tb_device(tb_tensor a) { return index_of(tensor(a).device()); }

tb_result tb_to(tb_tensor a, int index, int dtype) {
  return one([&] {
    at::Tensor t = tensor(a);
    return t.to(device_of(index), dtype < 0 ? t.scalar_type() : scalar_type(dtype));
  });
}
