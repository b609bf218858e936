#!/usr/bin/env bash
# Fetches what the CUDA build needs beside libtorch, once, into the cache.
#
#   scripts/cuda.sh        the headers of CUDA and NCCL (193 MB to download, 23 MB kept), linked as torchbridge/cuda-headers
#   scripts/cuda.sh run    the NVIDIA libraries that libtorch's CUDA part loads (2.7 GB), unpacked where it looks for them
#
# Compiling and linking needs the headers only, starting the program the libraries, a CUDA device neither.
# Exit codes: 0 done, 1 failed, 2 wrong usage or an unsuitable machine.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/wheels.sh

cuda=13.0
link=torchbridge/cuda-headers
cache=${AUGMIX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/augmix}
kept=$cache/cuda-headers-$cuda

# into makes a temporary folder in the cache, which goes when the script ends.
into() {
    mkdir -p "$cache"
    tmp=$(mktemp -d "$cache/.cuda-XXXXXX")
    trap 'rm -rf "$tmp"' EXIT
}

headers() {
    if [ ! -e "$kept/nvidia/cu13/include/cuda_runtime_api.h" ]; then
        echo "cuda: downloading the headers of CUDA $cuda and NCCL, 193 MB (23 MB unpacked), into $kept"
        into
        fetch_wheels scripts/cuda.txt "$tmp/wheels" cuda
        unpack_wheels "$tmp/wheels" "$tmp/tree" 'nvidia/*/include/*' '*/[Ll][Ii][Cc][Ee][Nn][Ss][Ee]*'
        rm -rf "$kept"
        mv "$tmp/tree" "$kept"
    fi
    if [ "$(readlink "$link" 2>/dev/null || true)" != "$kept/nvidia" ]; then
        ln -sfn "$kept/nvidia" "$link"
        echo "cuda: $link -> $kept/nvidia"
    fi
}

# missing prints the libraries that libtorch's CUDA part does not find. None of their code runs.
missing() { ldd torchbridge/libtorch/lib/libtorch_cuda.so torchbridge/libtorch/lib/libc10_cuda.so | sed -n 's/^\t\(.*\) => not found$/\1/p' | sort -u; }

libraries() {
    local lacks home
    lacks=$(missing)
    [ -n "$lacks" ] || return 0
    # libtorch looks in nvidia/ beside its own folder.
    home=$(dirname "$(realpath torchbridge/libtorch)")
    case $home in
    "$cache"/*) ;;
    *)
        echo "cuda: $home/torch lacks" $lacks >&2
        echo "cuda: install the NVIDIA packages that its PyTorch depends on beside it, or unset LIBTORCH and run make libtorch to use the pinned wheels" >&2
        exit 1
        ;;
    esac
    echo "cuda: downloading the NVIDIA libraries of PyTorch, 1.9 GB (2.7 GB unpacked), into $home/nvidia"
    into
    fetch_wheels scripts/cuda-run.txt "$tmp/wheels" cuda
    unpack_wheels "$tmp/wheels" "$home" 'nvidia/*/lib/*.so*' '*/[Ll][Ii][Cc][Ee][Nn][Ss][Ee]*'
    lacks=$(missing)
    [ -z "$lacks" ] || { echo "cuda: still missing:" $lacks >&2; exit 1; }
}

case ${1:-} in
"") headers ;;
run) libraries ;;
*)
    echo "cuda: unknown argument '$1'; it is run or none" >&2
    exit 2
    ;;
esac
