// Working memory of kernels that is kept from call to call.
#ifndef TORCHBRIDGE_SCRATCH_H
#define TORCHBRIDGE_SCRATCH_H

#include <c10/core/CPUAllocator.h>

#include <mutex>
#include <vector>

namespace bridge {

// Scratch is a buffer of at least the given size, aligned to a cache line, while it lives. Buffers go back to a pool
// that is as large as the number of threads that worked at once: per-thread buffers would multiply with the threads
// from which a Go program calls.
class Scratch {
 public:
  explicit Scratch(size_t bytes) {
    {
      std::lock_guard lock(mutex());
      if (!pool().empty()) {
        buffer_ = std::move(pool().back());
        pool().pop_back();
      }
    }
    if (buffer_.size < bytes) {
      buffer_.memory.clear();
      buffer_ = {c10::GetCPUAllocator()->allocate(bytes), bytes};
    }
  }
  ~Scratch() {
    std::lock_guard lock(mutex());
    pool().push_back(std::move(buffer_));
  }
  Scratch(const Scratch &) = delete;
  Scratch &operator=(const Scratch &) = delete;

  void *get() const { return buffer_.memory.get(); }

 private:
  struct Buffer {
    c10::DataPtr memory;
    size_t size = 0;
  };
  // Neither is ever destroyed: the threads of a process that exits may still work.
  static std::mutex &mutex() {
    static auto *m = new std::mutex;
    return *m;
  }
  static std::vector<Buffer> &pool() {
    static auto *p = new std::vector<Buffer>;
    return *p;
  }

  Buffer buffer_;
};

}  // namespace bridge
#endif
