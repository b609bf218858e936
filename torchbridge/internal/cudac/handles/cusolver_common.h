// Stands in for cuSOLVER's header; see cublas_v2.h.
#pragma once
enum cusolverStatus_t : int;
