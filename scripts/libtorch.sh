#!/usr/bin/env bash
# Finds or downloads libtorch and points torchbridge/libtorch at it.
#
#   scripts/libtorch.sh            $LIBTORCH if set, else the pinned wheels (downloaded once, hash-checked)
#   scripts/libtorch.sh python     the torch of the python3 on the PATH
#
# It writes two git-ignored files: the link torchbridge/libtorch, and torchbridge/internal/c/libtorch_version.h,
# which every C++ file includes so that a changed libtorch recompiles them (cgo does not look into -I folders).
# Exit codes: 0 done, 1 failed, 2 wrong usage or an unsuitable machine.
set -euo pipefail
cd "$(dirname "$0")/.."

version=2.11.0
link=torchbridge/libtorch
header=torchbridge/internal/c/libtorch_version.h
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
    if [ "$(cat "$header" 2>/dev/null || true)" != "$text" ]; then echo "$text" >"$header"; fi
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
    command -v python3 >/dev/null || fail "python3 is needed to download libtorch" 2
    python3 -m pip --version >/dev/null 2>&1 || fail "pip is needed to download libtorch (apt-get install python3-pip)" 2
    echo "libtorch: downloading PyTorch $version's libraries, 544 MB (1.1 GB unpacked), into $wheels"
    mkdir -p "$cache"
    tmp=$(mktemp -d "$cache/.libtorch-XXXXXX")
    trap 'rm -rf "$tmp"' EXIT
    platforms=()
    for p in manylinux_2_28 manylinux_2_27 manylinux_2_25 manylinux_2_17 manylinux2014; do platforms+=(--platform "${p}_x86_64"); done
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
        --python-version 3.12 --implementation cp "${platforms[@]}" --dest "$tmp/wheels" -r scripts/libtorch.txt ||
        fail "the download failed; check the network and the space in $cache, then run it again"
    # Only libraries and headers: the Python files are of no use here.
    python3 - "$tmp" <<'PY'
import glob, sys, zipfile
tmp = sys.argv[1]
for wheel in glob.glob(tmp + "/wheels/*.whl"):
    with zipfile.ZipFile(wheel) as z:
        keep = [n for n in z.namelist() if n.startswith(("torch/lib/", "torch/include/", "nvidia/")) or n.endswith("/LICENSE")]
        z.extractall(tmp + "/tree", keep)
PY
    rm -rf "$wheels"
    mv "$tmp/tree" "$wheels"
    echo "libtorch: unpacked"
fi
use "$wheels/torch"
