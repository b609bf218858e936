// What the C++ files of c10d share: the fence with kinds of errors, and the handles.
#ifndef TORCHBRIDGE_GROUP_H
#define TORCHBRIDGE_GROUP_H

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <torch/csrc/distributed/c10d/exception.h>

#include <string>

#include "c10d.h"
#include "guard.h"

namespace bridge {

using Store = c10::intrusive_ptr<c10d::Store>;
using Group = c10::intrusive_ptr<c10d::Backend>;

inline Store &store(td_store p) { return *static_cast<Store *>(p); }
inline Group &group(td_group p) { return *static_cast<Group *>(p); }

// kind_of reads what happened out of the text: gloo's exceptions have no type that is the same here and in libtorch.
inline int kind_of(const std::string &text) {
  for (const char *sign : {"imed out", "imeout"}) {
    if (text.find(sign) != std::string::npos) return TD_TIMEOUT;
  }
  for (const char *sign : {"onnection", "onnect", "roken pipe", "ocket"}) {
    if (text.find(sign) != std::string::npos) return TD_CONNECTION;
  }
  return TD_OTHER;
}

template <class F>
td_error attempt(F f) {
  char *text = fence(f);
  return {text ? kind_of(text) : TD_OTHER, text};
}

// wait ends with the operation: with what it threw, or when it has taken the group's timeout. There is nothing to wait for
// where a synchronous operation has been queued on the current stream.
inline void wait(const c10::intrusive_ptr<c10d::Work> &work) {
  if (work) work->wait();
}

}  // namespace bridge
#endif
