//go:build cuda

// Implements: streams and events.
#include <ATen/Context.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "cuda.h"
#include "guard.h"

using namespace bridge;

namespace {

c10::impl::VirtualGuardImpl cuda() { return c10::impl::VirtualGuardImpl(at::kCUDA); }

c10::Stream stream(tc_stream s) { return c10::Stream(c10::Stream::UNSAFE, device_of(s.device), s.id); }

tc_stream handle(c10::Stream s) { return {s.id(), s.device_index()}; }

c10::Event &event(tc_event e) { return *static_cast<c10::Event *>(e); }

}  // namespace

char *tc_new_stream(int device, bool high_priority, tc_stream *out) {
  return fence([&] {
    at::globalContext().lazyInitDevice(at::kCUDA);
    *out = handle(cuda().getStreamFromGlobalPool(device_of(device), high_priority));
  });
}

char *tc_swap_stream(tc_stream next, tc_current *was) {
  return fence([&] {
    was->device = cuda().getDevice().index();
    cuda().setDevice(device_of(next.device));
    was->stream = handle(cuda().exchangeStream(stream(next)));
  });
}

char *tc_restore_stream(tc_current was) {
  return fence([&] {
    cuda().exchangeStream(stream(was.stream));
    cuda().setDevice(device_of(was.device));
  });
}

char *tc_synchronize_stream(tc_stream s) {
  return fence([&] { cuda().synchronizeStream(stream(s)); });
}

char *tc_new_event(tc_event *out) {
  return fence([&] { *out = new c10::Event(at::kCUDA); });
}

char *tc_record_event(tc_event e, tc_stream s) {
  return fence([&] { event(e).record(stream(s)); });
}

char *tc_wait_event(tc_stream s, tc_event e) {
  return fence([&] { event(e).block(stream(s)); });
}

char *tc_event_done(tc_event e, bool *out) {
  return fence([&] { *out = event(e).query(); });
}

char *tc_synchronize_event(tc_event e) {
  return fence([&] { event(e).synchronize(); });
}

void tc_free_event(tc_event e) { delete static_cast<c10::Event *>(e); }
