#!/usr/bin/env bash
# Installs what the build needs: the Debian packages that are missing, then libtorch. A second call installs nothing.
# Exit codes: 0 done, 1 failed, 2 when a command must be run by hand first (it is printed).
set -euo pipefail
cd "$(dirname "$0")/.."

need=()
command -v g++ >/dev/null || command -v "${CXX:-c++}" >/dev/null || need+=(g++)
python3 -m pip --version >/dev/null 2>&1 || need+=(python3-pip)
[ -e /etc/ssl/certs/ca-certificates.crt ] || need+=(ca-certificates)
# jpeglib.h wants stdio.h before it. Without a compiler this asks for the package too; installing it twice does nothing.
printf '#include <stdio.h>\n#include <jpeglib.h>\n' | ${CC:-cc} -E -x c - >/dev/null 2>&1 || need+=(libjpeg-dev)
# For c10d, whose headers include gloo's, which libtorch's wheel lacks.
printf '#include <gloo/context.h>\n' | ${CXX:-c++} -std=c++17 -E -x c++ - >/dev/null 2>&1 || need+=(libgloo-dev)

if [ ${#need[@]} -gt 0 ]; then
    install="apt-get install -y --no-install-recommends ${need[*]}"
    if ! command -v apt-get >/dev/null; then
        echo "setup: missing: ${need[*]} (names of Debian's packages); install them with this system's package manager, then run make setup again" >&2
        exit 2
    fi
    # Empty where apt-get update has never run.
    size=$(LC_ALL=C apt-get install --assume-no --no-install-recommends "${need[@]}" 2>/dev/null |
        sed -n 's/^Need to get \(.*\) of archives\./\1 to download/p; s/^After this operation, \(.*\) of additional.*/, \1 on disk/p' | tr -d '\n' || true)
    echo "setup: Debian packages to install under /usr: ${need[*]}, with what they need ${size:-(libjpeg-dev alone: 0.5 MB to download, 2 MB on disk)}"
    if [ "$(id -u)" = 0 ]; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive $install
    elif command -v sudo >/dev/null; then
        echo "setup: running: sudo apt-get update && sudo $install"
        sudo apt-get update -qq
        sudo DEBIAN_FRONTEND=noninteractive $install
    else
        echo "setup: this needs root; run: apt-get update && $install" >&2
        exit 2
    fi
fi

scripts/libtorch.sh "${FROM:-}"
