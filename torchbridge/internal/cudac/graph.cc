//go:build cuda

// Implements: graphs of captured work.
#include "headers.h"

#include <ATen/Context.h>
#include <ATen/core/CachingHostAllocator.h>
#include <ATen/cuda/CUDAGeneratorImpl.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>

#include "cuda.h"
#include "guard.h"

using namespace bridge;

namespace {

// ignoring runs f; what it throws does not matter.
template <class F>
void ignoring(F f) {
  free(fence(f));
}

class Graph final : public at::cuda::CUDAGraph {
 public:
  // begin registers the device's default generator too, whose place each replay moves on. Other threads (the collectives'
  // watchdog, the workers) may call CUDA meanwhile.
  void begin(Graph *other) {
    capture_begin(other ? other->pool() : none, cudaStreamCaptureModeThreadLocal);
  }

  // abandon ends a capture that failed anywhere. libtorch then leaves the memory pool and the generator in their states for
  // captures, in which no number could be drawn any more.
  void abandon() {
    if (mempool_id_ != none) {
      ignoring([&] { capture_end(); });
      ignoring([&] { c10::cuda::CUDACachingAllocator::endAllocateToPool(capture_dev_, mempool_id_); });
      ignoring([&] { at::getHostAllocator(at::kCUDA)->end_allocate_to_pool(mempool_id_); });
      capture_ended_ = true;  // So that reset gives the pool back.
    }
    auto &states = captured_generator_states_;
    for (auto s = states.begin(); s != states.end();) {
      // A generator that refused this graph is in another's capture.
      if (s->first->registered_graphs_.count(this) == 0) {
        s = states.erase(s);
      } else {
        s->first->capturing_ = false;
        ++s;
      }
    }
    ignoring([&] { reset(); });
    capture_ended_ = false;
  }

 private:
  static constexpr at::cuda::MempoolId_t none{0, 0};
};

Graph *graph(tc_graph g) { return static_cast<Graph *>(g); }

}  // namespace

char *tc_new_graph(tc_graph *out) {
  return fence([&] {
    at::globalContext().lazyInitDevice(at::kCUDA);
    *out = new Graph;
  });
}

char *tc_begin_capture(tc_graph g, tc_graph pool) {
  return fence([&] {
    try {
      graph(g)->begin(graph(pool));
    } catch (...) {
      graph(g)->abandon();
      throw;
    }
  });
}

char *tc_end_capture(tc_graph g) {
  return fence([&] { graph(g)->capture_end(); });
}

void tc_abandon_capture(tc_graph g) { graph(g)->abandon(); }

char *tc_replay_graph(tc_graph g) {
  return fence([&] { graph(g)->replay(); });
}

void tc_free_graph(tc_graph g) {
  ignoring([&] { delete graph(g); });
}
