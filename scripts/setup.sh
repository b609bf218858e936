#!/usr/bin/env bash
# Installs what the build needs: the Debian packages that are missing, then libtorch. A second call installs nothing.
# Exit codes: 0 done, 1 failed, 2 when a command must be run by hand first (it is printed).
set -euo pipefail
cd "$(dirname "$0")/.."

need=()
command -v g++ >/dev/null || command -v "${CXX:-c++}" >/dev/null || need+=(g++)
python3 -m pip --version >/dev/null 2>&1 || need+=(python3-pip)
[ -e /etc/ssl/certs/ca-certificates.crt ] || need+=(ca-certificates)

if [ ${#need[@]} -gt 0 ]; then
    install="apt-get install -y --no-install-recommends ${need[*]}"
    if ! command -v apt-get >/dev/null; then
        echo "setup: missing: ${need[*]} (names of Debian's packages); install them with this system's package manager, then run make setup again" >&2
        exit 2
    fi
    size=$(apt-get install -s --no-install-recommends "${need[@]}" 2>/dev/null | grep -c '^Inst' || true)
    echo "setup: Debian packages to install under /usr: ${need[*]} (${size:-some} with what they need)"
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
