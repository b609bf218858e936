// Implements: tensors inside a flat one.
#include <ATen/ops/as_strided.h>

#include "guard.h"

using namespace bridge;

tb_result tb_part_like(tb_tensor flat, int64_t offset, tb_tensor a) {
  return one([&] {
    at::Tensor like = tensor(a), whole = tensor(flat);
    TORCH_CHECK(like.is_non_overlapping_and_dense(), "a tensor with gaps has no place in a flat one");
    TORCH_CHECK(whole.dim() == 1 && offset >= 0 && offset + like.numel() <= whole.numel(), "elements ", offset, " to ",
                offset + like.numel(), " of a flat tensor of shape ", whole.sizes());
    return at::as_strided(whole, like.sizes(), like.strides(), whole.storage_offset() + offset);
  });
}
