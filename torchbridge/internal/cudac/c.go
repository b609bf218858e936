//go:build cuda

// Package cudac holds the C++ of the CUDA build behind one C header, cuda.h, as package c does for every build. It needs
// the headers that scripts/cuda.sh links as torchbridge/cuda-headers; it calls no library of CUDA's own directly, so that
// a program finds those where libtorch_cuda.so does.
package cudac

// Folder handles stands in for the headers of three large libraries, of which libtorch's headers take a few names.
// The NVIDIA libraries that libtorch_cuda.so is linked against need not be here: --allow-shlib-undefined.
// -enable-new-dtags gives LD_LIBRARY_PATH precedence over the path to the link, on a machine that has another libtorch.

// #cgo CXXFLAGS: -std=c++20 -O2 -g0 -fopenmp -Wall -Wno-unused-function -Wno-interference-size -I${SRCDIR}/../c -I${SRCDIR}/../../libtorch/include
// #cgo CXXFLAGS: -isystem ${SRCDIR}/../../cuda-headers/cu13/include -isystem ${SRCDIR}/../../cuda-headers/cu13/include/cccl -isystem ${SRCDIR}/handles
// #cgo LDFLAGS: -L${SRCDIR}/../../libtorch/lib -Wl,--enable-new-dtags -Wl,-rpath,${SRCDIR}/../../libtorch/lib
// #cgo LDFLAGS: -Wl,--no-as-needed -ltorch_cuda -lc10_cuda -Wl,--as-needed -ltorch_cpu -lc10 -lstdc++ -Wl,--allow-shlib-undefined
import "C"
