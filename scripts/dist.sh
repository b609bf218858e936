#!/usr/bin/env bash
# Puts the program and the libraries that it needs side by side, so that the folder runs wherever it is copied:
#
#   build/dist/augmix-VERSION-linux-amd64/bin/augmix  lib/  LICENSE  licenses/
#
#   scripts/dist.sh VERSION         for the CPU
#   scripts/dist.sh VERSION cuda    for CUDA devices too (after make cuda-run), with -cuda at the end of the name
#
# GO names the Go command. Only glibc, libstdc++ and libgcc are the system's. Exit codes: 0 done, 1 failed, 2 wrong usage.
set -euo pipefail
cd "$(dirname "$0")/.."
go=${GO:-go}
version=${1:?usage: scripts/dist.sh VERSION [cuda]}
kind=${2:-cpu}

fail() { echo "dist: $1" >&2; exit "${2:-1}"; }

name=augmix-$version-linux-amd64
tags=()
case $kind in
cpu) ;;
cuda)
    name+=-cuda
    tags=(-tags cuda)
    ;;
*) fail "unknown kind '$kind'; it is cuda or none" 2 ;;
esac
dir=build/dist/$name
rm -rf "$dir"
mkdir -p "$dir/bin" "$dir/lib" "$dir/licenses"

"$go" build -trimpath "${tags[@]}" -ldflags "-s -w -X augmix/cli.stamped=$version" -o "$dir/bin/augmix" .

# What every Linux has: glibc, and GCC's libraries.
system='^(linux-vdso|ld-linux-x86-64|libc|libm|libdl|libpthread|librt|libutil|libstdc\+\+|libgcc_s)\.'
libraries() { ldd "$1" | sed -n 's/^\t\([^ ]*\) => \([^ ]*\).*/\1 \2/p' | grep -vE "$system"; }
while read -r library path; do
    [ "$path" != not ] || fail "$library is not found; make setup fetches it, or for CUDA make cuda-run"
    cp -L "$path" "$dir/lib/$library"
    # These load others by name while they run, from their own folder.
    case $library in
    libcudnn.so.*) cp -L "$(dirname "$path")"/libcudnn_*.so.* "$dir/lib/" ;;
    libcublas.so.*) cp -L "$(dirname "$path")"/libnvrtc{,-builtins}.so.* "$dir/lib/" ;;
    libtorch_cuda.so) cp -L "$(dirname "$path")/libcaffe2_nvrtc.so" "$dir/lib/" ;;
    esac
done < <(libraries "$dir/bin/augmix")

# Names that only a debugger reads. NVIDIA's files stay as they are.
chmod u+w "$dir"/lib/*
strip --strip-unneeded "$dir"/lib/lib{torch,c10}*
"$go" run ./scripts/runpath "$dir/bin/augmix" "\$ORIGIN/../lib"

cp LICENSE "$dir/"
torch=$(realpath torchbridge/libtorch/..)
for part in "$torch"/*.dist-info; do
    [ ! -d "$part" ] || cp -r "$part" "$dir/licenses/$(basename "${part%.dist-info}")"
done
jpeg=/usr/share/doc/libjpeg62-turbo/copyright
[ ! -e $jpeg ] || cp $jpeg "$dir/licenses/libjpeg-turbo"

# It must work from where it is now, with nothing of the build in its environment.
while read -r library path; do
    [ "$(realpath "$path")" = "$(realpath "$dir")/lib/$library" ] || fail "$library is taken from $path"
done < <(libraries "$dir/bin/augmix")
env -i "$dir/bin/augmix" doctor >/dev/null || fail "augmix doctor fails in $dir"
smoke=$(mktemp -d)
trap 'rm -rf "$smoke"' EXIT
env -i "$dir/bin/augmix" train --dataset shapes --layers 10 --widen-factor 1 --limit-train 64 --limit-eval 20 --epochs 1 \
    --device cpu --batch-size 32 --save "$smoke/run" --quiet >/dev/null || fail "training fails in $dir"

du -sh "$dir" | sed 's/^/dist: /'
