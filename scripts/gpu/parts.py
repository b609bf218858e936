"""Files as parts of a limited size, with a manifest of SHA-256 sums: for ways that carry no large file."""

import hashlib
import json
import pathlib
import shutil

MANIFEST = "parts.json"
# The published forms of the sets: the folder and the files that augmix reads.
SETS = {
    "cifar-10-batches-py": [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"],
    "cifar-10-batches-bin": [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"],
    "cifar-100-python": ["train", "test"],
    "cifar-100-binary": ["train.bin", "test.bin"],
}


class Incomplete(Exception):
    """Something is missing or damaged; the message says what, and what to do."""


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def find(data):
    """Returns the published files in the folder data, or in the folders of sets in it, as paths relative to data."""
    found = [pathlib.Path(folder) / name for folder, names in SETS.items() for name in names if (data / folder / name).is_file()]
    if found:
        return found
    raise Incomplete(f"{data} has none of the folders {', '.join(SETS)}; name the folder that holds one")


def split(base, files, out, most, prefix="part"):
    """Writes the files (paths relative to base) one after another as parts of at most `most` bytes into the folder out.

    It returns the manifest, which is written last. Parts that were there before are removed.
    """
    out.mkdir(parents=True, exist_ok=True)
    for old in [out / MANIFEST, *out.glob(f"{prefix}-*")]:
        old.unlink(missing_ok=True)
    manifest = {"files": [], "parts": []}
    part, room = None, 0
    for name in files:
        manifest["files"].append({"name": str(name), "size": (base / name).stat().st_size, "sha256": sha256(base / name)})
        with open(base / name, "rb") as source:
            while chunk := source.read(min(room, 1 << 20) if room else 1):
                if not room:  # One byte was read to learn whether another part is needed.
                    if part:
                        part.close()
                    part = open(out / f"{prefix}-{len(manifest['parts']) + 1:03d}", "wb")
                    manifest["parts"].append({"name": part.name.rpartition("/")[2]})
                    room = most
                part.write(chunk)
                room -= len(chunk)
    if part:
        part.close()
    for entry in manifest["parts"]:
        entry |= {"size": (out / entry["name"]).stat().st_size, "sha256": sha256(out / entry["name"])}
    (out / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
    return manifest


def join(parts, base):
    """Verifies the parts, lays their files out below the folder base and verifies these. It returns the manifest.

    Files that are there and right are left alone, and no part is then needed. It raises Incomplete with the parts that are
    missing or damaged.
    """
    if not (parts / MANIFEST).is_file():
        raise Incomplete(f"{parts} has no {MANIFEST}; it belongs to the parts that split wrote")
    manifest = json.loads((parts / MANIFEST).read_text())
    for entry in manifest["files"]:
        path = pathlib.PurePosixPath(entry["name"])
        if path.is_absolute() or ".." in path.parts:
            raise Incomplete(f"{parts / MANIFEST} names {path}, which is not below the folder")
    if all(right(base / f["name"], f) for f in manifest["files"]):
        return manifest
    bad = [p["name"] for p in manifest["parts"] if not right(parts / p["name"], p)]
    if bad:
        raise Incomplete(f"missing or damaged in {parts}: {', '.join(bad)}; bring them and call this again")
    # Aside first: whoever finds a file under its name finds it whole.
    aside = base / ".joining"
    shutil.rmtree(aside, ignore_errors=True)
    stream = Stream([parts / p["name"] for p in manifest["parts"]])
    for entry in manifest["files"]:
        target = aside / entry["name"]
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "wb") as file:
            stream.copy(file, entry["size"])
        if not right(target, entry):
            raise Incomplete(f"{entry['name']} is damaged though its parts are not; split it again")
    stream.close()
    for entry in manifest["files"]:
        (base / entry["name"]).parent.mkdir(parents=True, exist_ok=True)
        (aside / entry["name"]).replace(base / entry["name"])
    shutil.rmtree(aside)
    return manifest


def right(path, entry):
    """Tells whether a file is as the manifest's entry says."""
    return path.is_file() and path.stat().st_size == entry["size"] and sha256(path) == entry["sha256"]


class Stream:
    """Parts read as one file."""

    def __init__(self, paths):
        self.paths, self.file = list(paths), None

    def close(self):
        if self.file:
            self.file.close()

    def copy(self, target, size):
        """Copies the next size bytes, or as many as there are."""
        while size:
            if self.file is None:
                if not self.paths:
                    return
                self.file = open(self.paths.pop(0), "rb")
            chunk = self.file.read(min(size, 1 << 20))
            if not chunk:
                self.file.close()
                self.file = None
            target.write(chunk)
            size -= len(chunk)
