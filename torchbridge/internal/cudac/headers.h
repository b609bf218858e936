// Says what to do where the headers of CUDA are missing. It must be included first.
#if !__has_include(<cuda_runtime_api.h>)
#error "the headers of CUDA are not set up: run `make cuda` in the repository's root"
#endif
