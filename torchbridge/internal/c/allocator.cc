// Implements: the memory of tensors on the CPU while a program trains or evaluates.
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <malloc.h>
#include <sys/mman.h>

#include <cstdlib>
#include <mutex>
#include <unordered_map>

#include "guard.h"

namespace bridge {
namespace {

constexpr size_t alignment = 64;
constexpr size_t smallest_kept = 512 << 10;  // Below this malloc is as good.
constexpr size_t huge_page = 2 << 20;

// A training step takes and frees the same sizes over and over. malloc serves those of some MB by mmap, so that each
// step would fault in (and the kernel zero) every page anew, or from a heap whose holes grow for hundreds of steps. This
// allocator keeps freed blocks by size and hands them out again: after the first steps nothing is faulted in any more,
// and memory stays as it is.
class CachingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t n) override {
    void *p = n == 0 ? nullptr : take(n);
    return {p, p, &give_back, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &give_back; }
  void copy_data(void *dst, const void *src, std::size_t n) const override { default_copy_data(dst, src, n); }

  // release frees the blocks that no tensor uses.
  void release() {
    std::lock_guard<std::mutex> lock(mutex_);
    for (auto &[size, blocks] : free_) {
      for (void *p : blocks) {
        sizes_.erase(p);
        munmap(p, size);
      }
    }
    free_.clear();
  }

  static CachingAllocator &instance() {
    static CachingAllocator *a = new CachingAllocator;  // Outlives every tensor.
    return *a;
  }

 private:
  // Blocks are rounded up to an eighth of a power of two, so that batches of nearly one size share them; a size of
  // smallest_kept or more is then whole pages.
  static size_t rounded(size_t n) {
    size_t step = size_t{1} << (63 - __builtin_clzll(n) - 3);
    return (n + step - 1) / step * step;
  }

  void *take(size_t n) {
    if (n < smallest_kept) {
      void *p = nullptr;
      TORCH_CHECK(posix_memalign(&p, alignment, n) == 0, "out of memory: a tensor needs ", n, " bytes");
      return p;
    }
    n = rounded(n);
    std::lock_guard<std::mutex> lock(mutex_);
    if (auto list = free_.find(n); list != free_.end() && !list->second.empty()) {
      void *p = list->second.back();
      list->second.pop_back();
      return p;
    }
    void *p = map(n);
    sizes_[p] = n;
    return p;
  }

  // map takes whole pages from the kernel, huge ones where it can: malloc's heap would be left with holes.
  static void *map(size_t n) {
    size_t align = n >= huge_page ? huge_page : 4096;
    auto *p = static_cast<char *>(mmap(nullptr, n + align, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    TORCH_CHECK(p != MAP_FAILED, "out of memory: a tensor needs ", n, " bytes");
    size_t before = (align - reinterpret_cast<uintptr_t>(p) % align) % align;
    if (before) munmap(p, before);
    munmap(p + before + n, align - before);
    if (n >= huge_page) madvise(p + before, n, MADV_HUGEPAGE);
    return p + before;
  }

  static void give_back(void *p) {
    if (!p) return;
    CachingAllocator &a = instance();
    std::lock_guard<std::mutex> lock(a.mutex_);
    if (auto size = a.sizes_.find(p); size != a.sizes_.end()) {
      a.free_[size->second].push_back(p);
    } else {
      free(p);
    }
  }

  std::mutex mutex_;
  std::unordered_map<void *, size_t> sizes_;              // Of every block that may be kept.
  std::unordered_map<size_t, std::vector<void *>> free_;  // Those that no tensor uses, by size.
};

}  // namespace
}  // namespace bridge

// oneDNN's own scratch memory comes from malloc; blocks below 32 MiB, malloc's largest threshold, stay in its heap.
void tb_cache_memory(void) {
  c10::SetCPUAllocator(&bridge::CachingAllocator::instance(), /*priority=*/100);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

void tb_release_memory(void) {
  bridge::CachingAllocator::instance().release();
  malloc_trim(0);
}
