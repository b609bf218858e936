#!/usr/bin/env bash
# Makes build/venv, the Python environment of scripts/parity and scripts/bench:
# PyTorch to compare with. The program itself needs no Python.
#
# PYTHON chooses the interpreter (default python3). Exit codes: 0 there is an
# environment that answers to requirements.txt; 1 pip failed; 2 something has
# to be installed first.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
venv=$root/build/venv
requirements=$root/scripts/requirements.txt
stamp=$venv/requirements.sha256
python=${PYTHON:-python3}

wanted=$(sha256sum <"$requirements" | cut -d' ' -f1)
if [ -x "$venv/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
	exit 0
fi

fail() {
	printf 'python-env: %s\n' "$@" >&2
	exit 2
}

if [ "$(uname -sm)" != "Linux x86_64" ]; then
	fail "the pinned wheels are for Linux on x86-64, this is $(uname -sm)"
fi
if ! command -v "$python" >/dev/null; then
	fail "there is no $python; on Debian: apt-get install python3 python3-venv"
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
	fail "$("$python" --version) is too old: the pinned wheels need Python 3.11; set PYTHON to a newer one"
fi
# Debian's python3 has the module venv but leaves out what it unpacks.
if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
	fail "$python cannot make virtual environments; on Debian: apt-get install python3-venv"
fi

echo "python-env: PyTorch and what comes with it ($(grep -vc '^#' "$requirements") packages from scripts/requirements.txt):"
echo "python-env: about 2.7 GB to download, 4.8 GB in $venv"
free=$(df -Pk "$root" | awk 'NR == 2 { print $4 }')
if [ "$free" -lt 8000000 ]; then
	fail "the disk of $root has $((free / 1000000)) GB free; 8 GB are needed"
fi

rm -rf "$venv"
"$python" -m venv "$venv"
# No cache: pip would keep a second copy of every wheel in the home folder.
"$venv/bin/python" -m pip install --quiet --no-cache-dir --disable-pip-version-check -r "$requirements"
"$venv/bin/python" -c 'import torch, torchvision, PIL; print("python-env: torch", torch.__version__, "torchvision", torchvision.__version__, "Pillow", PIL.__version__)'
echo "$wanted" >"$stamp"
echo "python-env: $(du -sh "$venv" | cut -f1) in $venv"
