// Stands in for cuBLAS's header, of which libtorch's headers take these names only. The library's wheel is too large to
// fetch for them.
#pragma once
typedef struct cublasContext *cublasHandle_t;
enum cublasStatus_t : int;
