#!/usr/bin/env bash
# Finds or downloads libtorch and points torchbridge/libtorch at it.
#
#   scripts/libtorch.sh            $LIBTORCH if set, else the pinned wheels (downloaded once, hash-checked)
#   scripts/libtorch.sh python     the torch of the python3 on the PATH
#
# It writes git-ignored files: the link torchbridge/libtorch, and in every folder of C++ a libtorch_version.h,
# so that a changed libtorch recompiles the files beside it (cgo does not look into -I folders).
# Exit codes: 0 done, 1 failed, 2 wrong usage or an unsuitable machine.
set -euo pipefail
cd "$(dirname "$0")/.."

. scripts/wheels.sh

version=2.11.0
link=torchbridge/libtorch
headers=(torchbridge/internal/{c,cudac,c10d}/libtorch_version.h)
cache=${AUGMIX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/augmix}
wheels=$cache/libtorch-$version

fail() { echo "libtorch: $1" >&2; exit "${2:-1}"; }

if [ "$(uname -s)-$(uname -m)" != Linux-x86_64 ]; then
    fail "augmix builds on Linux x86-64 only (this is $(uname -s) $(uname -m)); elsewhere build and run it in a linux/amd64 container" 2
fi

# libtorch_version_of DIR prints the version that the headers in DIR declare.
libtorch_version_of() {
    local file=$1/include/torch/headeronly/version.h
    [ ! -e "$file" ] || sed -n 's/^#define TORCH_VERSION_\(MAJOR\|MINOR\|PATCH\) //p' "$file" | paste -sd.
}

# use DIR links DIR and records what it is, touching nothing that is already right.
use() {
    [ -e "$1/lib/libtorch_cpu.so" ] || fail "$1 holds no lib/libtorch_cpu.so; LIBTORCH must name a folder with include/ and lib/"
    local got
    got=$(libtorch_version_of "$1")
    [ "${got%.*}" = "${version%.*}" ] ||
        fail "$1 is libtorch ${got:-of unknown version}, augmix needs ${version%.*}; unset LIBTORCH to use the pinned wheels"
    if [ "$(readlink "$link" 2>/dev/null || true)" != "$1" ]; then
        ln -sfn "$1" "$link"
        echo "libtorch: $link -> $1 ($got)"
    fi
    local text
    text="#define AUGMIX_LIBTORCH \"$got\"  // $1"
    for header in "${headers[@]}"; do
        if [ "$(cat "$header" 2>/dev/null || true)" != "$text" ]; then echo "$text" >"$header"; fi
    done
}

if [ "${1:-}" = python ]; then
    dir=$(python3 -c 'import os, torch; print(os.path.dirname(torch.__file__))') ||
        fail "python3 cannot import torch; leave out FROM=python to download the pinned wheels"
    use "$dir"
    exit
elif [ -n "${1:-}" ]; then
    fail "unknown source '$1'; the only one is 'python' (make libtorch FROM=python)" 2
fi

if [ -n "${LIBTORCH:-}" ]; then
    use "$(realpath "$LIBTORCH")"
    exit
fi

if [ ! -e "$wheels/torch/lib/libtorch_cpu.so" ]; then
    echo "libtorch: downloading PyTorch $version's libraries, 544 MB (1.1 GB unpacked), into $wheels"
    mkdir -p "$cache"
    tmp=$(mktemp -d "$cache/.libtorch-XXXXXX")
    trap 'rm -rf "$tmp"' EXIT
    fetch_wheels scripts/libtorch.txt "$tmp/wheels" libtorch
    # Only libraries and headers: the Python files are of no use here.
    unpack_wheels "$tmp/wheels" "$tmp/tree" 'torch/lib/*' 'torch/include/*' 'nvidia/*' '*/LICENSE'
    rm -rf "$wheels"
    mv "$tmp/tree" "$wheels"
    echo "libtorch: unpacked"
fi
use "$wheels/torch"
