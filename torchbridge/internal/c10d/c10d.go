// Package c10d holds the C++ side of package dist behind one C header, c10d.h, and nothing in Go. It is apart from package
// c so that programs that are one process do not compile it.
//
// ProcessGroupGloo.hpp includes gloo's headers, which libtorch's wheel lacks; those of Debian's libgloo-dev serve. They are
// older than the gloo inside libtorch, so nothing here makes an object of gloo's or calls one: only pointers to its devices
// pass through.
package c10d

// #cgo CXXFLAGS: -std=c++20 -O2 -g0 -fopenmp -Wall -Wno-unused-function -DUSE_DISTRIBUTED -DUSE_C10D_GLOO
// #cgo CXXFLAGS: -I${SRCDIR}/../c -I${SRCDIR}/../../libtorch/include -I${SRCDIR}/../../libtorch/include/torch/csrc/api/include
// #cgo LDFLAGS: -L${SRCDIR}/../../libtorch/lib -Wl,-rpath,${SRCDIR}/../../libtorch/lib -ltorch_cpu -lc10 -lstdc++
import "C"
