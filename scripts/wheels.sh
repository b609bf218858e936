# Sourced by scripts that take libraries and headers out of Python's wheels.

# fetch_wheels REQUIREMENTS DIR WHAT downloads the hash-checked wheels that a file names into DIR, whatever Python runs
# pip. It fails with a text about WHAT.
fetch_wheels() {
    local platforms=() p
    command -v python3 >/dev/null || { echo "$3: python3 is needed for the download" >&2; return 2; }
    python3 -m pip --version >/dev/null 2>&1 ||
        { echo "$3: pip is needed for the download (apt-get install python3-pip)" >&2; return 2; }
    for p in manylinux_2_{28,27,25,18,17,12,5} manylinux2014 manylinux2010 manylinux1; do platforms+=(--platform "${p}_x86_64"); done
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
        --python-version 3.12 --implementation cp "${platforms[@]}" --dest "$2" -r "$1" ||
        { echo "$3: the download failed; check the network and the space on disk, then run it again" >&2; return 1; }
}

# unpack_wheels DIR TREE PATTERN… takes the files that a pattern (of Python's fnmatch) fits out of the wheels in DIR. Each
# file appears in TREE as a whole or not at all.
unpack_wheels() {
    python3 - "$@" <<'PY'
import fnmatch, glob, os, shutil, sys, zipfile
wheels, tree, *patterns = sys.argv[1:]
for wheel in glob.glob(wheels + "/*.whl"):
    with zipfile.ZipFile(wheel) as z:
        for info in z.infolist():
            if info.is_dir() or not any(fnmatch.fnmatch(info.filename, p) for p in patterns):
                continue
            path = os.path.join(tree, info.filename)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with z.open(info) as source, open(f"{path}.{os.getpid()}", "wb") as part:
                shutil.copyfileobj(source, part, 1 << 20)
            os.replace(part.name, path)
PY
}
