"""Builds what gpu-check needs on a machine without Go, and lays it into one folder."""

import concurrent.futures
import json
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import sys

MOST = 60 << 20  # bytes of the whole folder

# The tests that need a GPU, most important first: (folder of the module, package, which of its tests).
TESTED = (("torchbridge", "cuda", "."), (".", "train", "^TestCUDA"), (".", "eval", "^TestCUDA"), (".", "device", "^TestCUDA"))
TESTED_ON_CPU = ((".", "nets", "^TestCost"),)  # of a folder that only tries the script

SCRIPTS = ("gpu-check", "gpu-reproduce", "gpu/*.py", "grids/reproduce*.json", "bench/step.py", "bench/evaluate.py", "parity/nets.py", "parity/formula.py")

# Libraries that the program is linked with and a machine need not have; libtorch's are those of its Python.
CARRIED = ("libjpeg.so",)


def call(command, **options):
    """Runs a command that must succeed and returns what it printed; its messages are shown."""
    print("pack: " + " ".join(command), file=sys.stderr, flush=True)
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def pack(root, out, cuda):
    """Builds the program and the tests, with CUDA or without, and writes the folder out, which is emptied first."""
    tags = ["-tags", "cuda"] if cuda else []
    go = os.environ.get("GO", "go")
    version = call(["git", "describe", "--always", "--dirty"], cwd=root).strip()
    if out.exists() and any(out.iterdir()) and not (out / "pack.json").exists():
        sys.exit(f"gpu-check: {out} holds something else than a pack; name another folder with --out")
    shutil.rmtree(out, ignore_errors=True)
    binaries = out / "bin"
    binaries.mkdir(parents=True)
    # Written first: a folder that a failed build leaves is known by it.
    manifest = {"cuda": cuda, "version": version, "program": "bin/augmix", "tests": []}
    write(out, manifest)

    call(["make", "cuda" if cuda else "setup"], cwd=root)
    call([go, "build", *tags, "-ldflags", f"-s -w -X main.version={version}", "-o", str(binaries / "augmix"), "."], cwd=root)
    for module, package, tests in TESTED if cuda else TESTED_ON_CPU:
        name = "torchbridge" if package == "." else package if module == "." else f"{module}-{package}"
        source = root / module / package
        call([go, "test", "-c", *tags, "-ldflags", "-s -w", "-o", str(binaries / f"{name}.test"), f"./{package}"], cwd=root / module)
        # A package without tests makes no file.
        if (binaries / f"{name}.test").exists():
            folder = out / "packages" / name
            folder.mkdir(parents=True)
            if (source / "testdata").is_dir():
                shutil.copytree(source / "testdata", folder / "testdata")
            manifest["tests"].append({"package": name, "file": f"bin/{name}.test", "folder": f"packages/{name}", "tests": tests})
    carry(binaries / "augmix", out / "lib")
    scripts = root / "scripts"
    for pattern in SCRIPTS:
        for source in scripts.glob(pattern):
            target = out / source.relative_to(scripts)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    manifest["glibc"] = newest_glibc(binaries / "augmix")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        list(pool.map(compress, sorted(binaries.iterdir())))
    write(out, manifest)
    return measure(out)


def write(out, manifest):
    (out / "pack.json").write_text(json.dumps(manifest, indent=1) + "\n")


def carry(program, folder):
    """Copies the libraries that the program needs and other machines may lack."""
    folder.mkdir()
    for name, path in re.findall(r"^\s*(\S+) => (/\S+)", call(["ldd", str(program)]), re.MULTILINE):
        if name.startswith(CARRIED):
            shutil.copy2(path, folder / name)


def newest_glibc(program):
    """Returns the newest version of glibc that the program asks for, such as 2.34."""
    found = re.findall(r"GLIBC_(\d+)\.(\d+)", call(["readelf", "--version-info", "--wide", str(program)]))
    return ".".join(map(str, max((int(a), int(b)) for a, b in found)))


def compress(file):
    """Replaces a file by its .xz: the folder travels, and Python can unpack it everywhere."""
    with open(file, "rb") as source, lzma.open(f"{file}.xz", "wb", preset=6) as target:
        shutil.copyfileobj(source, target, 1 << 20)
    file.unlink()


def unpack(folder, target):
    """Writes the programs of a pack into the folder target, executable."""
    (target / "bin").mkdir(parents=True, exist_ok=True)

    def extract(source):
        to = target / "bin" / source.stem
        with lzma.open(source, "rb") as compressed, open(to, "wb") as file:
            shutil.copyfileobj(compressed, file, 1 << 20)
        to.chmod(0o755)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        list(pool.map(extract, sorted((folder / "bin").glob("*.xz"))))


def measure(out):
    """Prints the sizes and returns the exit code: 1 where the folder is too large to travel."""
    sizes = {path: path.stat().st_size for path in pathlib.Path(out).rglob("*") if path.is_file()}
    for path in sorted(sizes, key=sizes.get, reverse=True)[:8]:
        print(f"{sizes[path] / 2**20:7.1f} MiB  {path.relative_to(out)}")
    total = sum(sizes.values())
    print(f"{total / 2**20:7.1f} MiB  {out} ({len(sizes)} files)")
    if total > MOST:
        print(f"gpu-check: the folder may have {MOST >> 20} MiB", file=sys.stderr)
        return 1
    return 0
