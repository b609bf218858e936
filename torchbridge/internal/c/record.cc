// Implements: the list of the operations that a thread runs.
#include <ATen/record_function.h>

#include <string>

#include "guard.h"

namespace bridge {
namespace {

// recording is the list that this thread's operations are added to, or null. Threads that libtorch starts inherit the
// callback but not this pointer.
thread_local std::string *recording = nullptr;
thread_local at::CallbackHandle callback = 0;

std::unique_ptr<at::ObserverContext> note(const at::RecordFunction &f) {
  if (!recording) return nullptr;
  if (!recording->empty()) *recording += '\n';
  *recording += f.name();
  // The overload follows a dot, as in aten::add.Tensor.
  if (const char *overload = f.overload_name(); *overload) (*recording += '.') += overload;
  return nullptr;
}

}  // namespace
}  // namespace bridge

using namespace bridge;

char *tb_record_begin(void) {
  return fence([&] {
    TORCH_CHECK(!recording, "this thread's operations are being recorded already");
    recording = new std::string;
    callback = at::addThreadLocalCallback(at::RecordFunctionCallback(note).scopes({at::RecordScope::FUNCTION}));
  });
}

char *tb_record_end(char **names) {
  return fence([&] {
    at::removeCallback(callback);
    std::unique_ptr<std::string> list(std::exchange(recording, nullptr));
    *names = message(list->c_str());
  });
}
