#!/usr/bin/env bash
# Makes build/corruptions-venv, with the Python packages that the original generator of the corruptions needs, unless it
# is there. Exit code 2: ImageMagick's library has to be installed first.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=build/corruptions-venv
if [ ! -e "$venv/done" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet numpy==2.4.6 scipy==1.17.1 scikit-image==0.26.0 opencv-python-headless==5.0.0.93 \
        Pillow==13.0.0 Wand==0.7.2
    touch "$venv/done"
fi
if ! "$venv/bin/python" -c 'import wand.api' 2>/dev/null; then
    echo "the original corruptions need ImageMagick's library; install it (Debian: libmagickwand-6.q16-6)" >&2
    exit 2
fi
