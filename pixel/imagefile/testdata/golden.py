"""Writes golden.json: SHA-256 values of what Pillow and torchvision make of image files.

    python golden.py PHOTOGRAPHS GOROOT      made with Pillow 13.0.0, torchvision 0.26.0

PHOTOGRAPHS is a folder with ImageNet photographs as <wnid>/<name>.JPEG. GOROOT is
Go's own folder, whose src/image/testdata has JPEG files of many kinds. None of
these are copied.

"pixels" are those of Image.open(path).convert("RGB"). "encoded" are the files that
Image.save writes, one hash for all of QUALITIES and then quality 85 with optimize.
Of a photograph, "centre" is Resize(256) and CenterCrop(224), "encoded" that saved
with quality 85 and optimize, and "crops" are the rectangles (x, y, w, h), resized
to 224x224 as RandomResizedCrop does, all in one hash. An "error" is Pillow's.
"""

import hashlib
import io
import json
import pathlib
import platform
import sys

import PIL
import torchvision
from PIL import Image
from torchvision.transforms import CenterCrop, Compose, Resize
from torchvision.transforms.functional import resized_crop

HERE = pathlib.Path(__file__).resolve().parent
QUALITIES = [7, 10, 15, 18, 25, 40, 50, 58, 65, 75, 80, 90, 95, 100]
evaluation = Compose([Resize(256), CenterCrop(224)])


def digest(content):
    return hashlib.sha256(content).hexdigest()


def encoded(image, **options):
    out = io.BytesIO()
    # Without the comment and the colour profile of the file that it came from.
    Image.frombytes(image.mode, image.size, image.tobytes()).save(out, "JPEG", **options)
    return out.getvalue()


def entry(path, name):
    try:
        image = Image.open(path).convert("RGB")
    except Exception as error:
        return None, {"name": name, "error": str(error)}
    return image, {"name": name, "size": image.size, "pixels": digest(image.tobytes())}


def rectangles(w, h):
    yield 0, 0, w, h
    yield w // 7, h // 5, w // 2, h // 3
    yield w // 3, h // 4, w - w // 3, h - h // 4
    yield w // 2, h // 3, max(1, w // 10), max(1, h // 12)


def files(folder):
    for path in sorted(folder.iterdir()):
        image, values = entry(path, path.name)
        if image:
            all = b"".join(encoded(image, quality=q) for q in QUALITIES) + encoded(image, quality=85, optimize=True)
            values["encoded"] = digest(all)
        yield values


def photographs(folder):
    for path in sorted(folder.glob("*/*.JPEG")):
        image, values = entry(path, str(path.relative_to(folder)))
        centre = evaluation(image)
        values["centre"] = digest(centre.tobytes())
        values["encoded"] = digest(encoded(centre, quality=85, optimize=True))
        values["rectangles"] = list(rectangles(*image.size))
        crops = [resized_crop(image, y, x, h, w, [224, 224]) for x, y, w, h in values["rectangles"]]
        values["crops"] = digest(b"".join(crop.tobytes() for crop in crops))
        yield values


def lines(values):
    return ",\n".join("    " + json.dumps(v) for v in values)


def main():
    photos, goroot = map(pathlib.Path, sys.argv[1:])
    versions = f"Python {platform.python_version()}, Pillow {PIL.__version__}, torchvision {torchvision.__version__}"
    parts = {
        "files": files(HERE / "images"),
        "go": (entry(path, path.name)[1] for path in sorted((goroot / "src/image/testdata").glob("video-*.jpeg"))),
        "photographs": photographs(photos),
    }
    body = ",\n".join(f'  "{name}": [\n{lines(values)}\n  ]' for name, values in parts.items())
    (HERE / "golden.json").write_text(f'{{\n  "made_with": "{versions}",\n  "qualities": {QUALITIES},\n{body}\n}}\n')


if __name__ == "__main__":
    main()
