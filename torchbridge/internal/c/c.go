// Package c holds the C++ side of torchbridge behind one C header, bridge.h, and nothing in Go: so that editing Go
// recompiles no C++. Package aten includes the header and links against it.
package c

// Without -fopenmp the parallel loops of ATen's headers would run on one thread. libgomp is libtorch's own: two copies in
// one process would each have their threads.

// #cgo CXXFLAGS: -std=c++20 -O2 -g0 -fopenmp -Wall -Wno-unused-function -I${SRCDIR}/../../libtorch/include
// #cgo LDFLAGS: -L${SRCDIR}/../../libtorch/lib -Wl,-rpath,${SRCDIR}/../../libtorch/lib -ltorch_cpu -lc10 -l:libgomp.so.1 -lstdc++
import "C"
