//go:build cuda

package c10d

import _ "github.com/wangkuiyi/gotorch/internal/cudac" // Its libraries, and the headers that it says where to find.

// #cgo CXXFLAGS: -Wno-interference-size -isystem ${SRCDIR}/../../cuda-headers/cu13/include -isystem ${SRCDIR}/../../cuda-headers/cu13/include/cccl
// #cgo CXXFLAGS: -isystem ${SRCDIR}/../../cuda-headers/nccl/include -isystem ${SRCDIR}/../cudac/handles
// #cgo LDFLAGS: -Wl,--allow-shlib-undefined
import "C"
