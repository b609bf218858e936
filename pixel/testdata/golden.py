"""Writes golden.json: SHA-256 values of what Pillow's operations return.

    python golden.py          made with Python 3.11, Pillow 13.0.0, NumPy 2.4.6

The inputs come from inputs.py, which the Go test re-implements. Each hash covers
the outputs for all images of a set, in order.
"""

import hashlib
import json
import pathlib
import platform

import numpy
import PIL
from PIL import Image, ImageEnhance, ImageOps

import inputs

BILINEAR = Image.Resampling.BILINEAR


def affine(*matrix, fill):
    return lambda im: im.transform(im.size, Image.Transform.AFFINE, matrix, resample=BILINEAR,
                                   fillcolor=colour(im, fill))


def colour(im, fill):
    """The grey value fill in the image's mode."""
    return fill if im.mode == "L" else (fill,) * 3


# Name, the arguments at levels 1..10 of 10 as AugMix scales them, whether both
# signs count, and the operation; those that bring in something from outside the
# image, which are the ones with a sign, also take the value that it has.
# Translations use a 32nd of ten thirds per level.
OPERATIONS = {
    "autocontrast": ([0], False, lambda v: ImageOps.autocontrast),
    "equalize": ([0], False, lambda v: ImageOps.equalize),
    "posterize": (range(1, 9), False, lambda v: lambda im: ImageOps.posterize(im, v)),
    "rotate": ([3 * level for level in range(1, 11)] + [1, 2, 7, 8, 45, 89], True,
               lambda v, fill=0: lambda im: im.rotate(v, resample=BILINEAR, fillcolor=colour(im, fill))),
    "solarize": ([256 - int(level * 256 / 10) for level in range(1, 11)] + [1, 128, 254, 255, 256], False,
                 lambda v: lambda im: ImageOps.solarize(im, v)),
    "shear_x": ([level * 0.3 / 10 for level in range(1, 11)], True, lambda v, fill=0: affine(1, v, 0, 0, 1, 0, fill=fill)),
    "shear_y": ([level * 0.3 / 10 for level in range(1, 11)], True, lambda v, fill=0: affine(1, 0, 0, v, 1, 0, fill=fill)),
    "translate_x": (range(11), True, lambda v, fill=0: affine(1, 0, v, 0, 1, 0, fill=fill)),
    "translate_y": (range(11), True, lambda v, fill=0: affine(1, 0, 0, 0, 1, v, fill=fill)),
    "color": ([level * 1.8 / 10 + 0.1 for level in range(11)], False,
              lambda v: lambda im: ImageEnhance.Color(im).enhance(v)),
    "contrast": ([level * 1.8 / 10 + 0.1 for level in range(11)], False,
                 lambda v: lambda im: ImageEnhance.Contrast(im).enhance(v)),
    "brightness": ([level * 1.8 / 10 + 0.1 for level in range(11)], False,
                   lambda v: lambda im: ImageEnhance.Brightness(im).enhance(v)),
    "sharpness": ([level * 1.8 / 10 + 0.1 for level in range(11)], False,
                  lambda v: lambda im: ImageEnhance.Sharpness(im).enhance(v)),
}

FILTERS = {"box": Image.Resampling.BOX, "bilinear": Image.Resampling.BILINEAR}
TARGETS = [(32, 32), (30, 30), (28, 28), (27, 27), (24, 24), (20, 20), (1, 1), (3, 50), (64, 64), (37, 12), (224, 224)]


def digest(images):
    h = hashlib.sha256()
    for im in images:
        h.update(im.tobytes())
    return h.hexdigest()


def main():
    cases = []
    for set_name, images in inputs.sets().items():
        cases.append({"set": set_name, "op": "none", "arg": 0, "sha256": digest(images)})
        for name, (values, signed, operation) in OPERATIONS.items():
            arguments = list(values) + ([-v for v in values if v] if signed else [])
            for v in arguments:
                f = operation(v)
                cases.append({"set": set_name, "op": name, "arg": v, "sha256": digest(map(f, images))})
                if signed:
                    grey = digest(map(operation(v, 128), images))
                    cases.append({"set": set_name, "op": name, "arg": v, "fill": 128, "sha256": grey})
        for name, f in FILTERS.items():
            for w, h in TARGETS:
                resized = (im.resize((w, h), f) for im in images)
                cases.append({"set": set_name, "op": name, "size": [w, h], "sha256": digest(resized)})
    versions = f"Python {platform.python_version()}, Pillow {PIL.__version__}, NumPy {numpy.__version__}"
    lines = ",\n".join("    " + json.dumps(c) for c in cases)
    path = pathlib.Path(__file__).with_name("golden.json")
    path.write_text(f'{{\n  "made_with": "{versions}",\n  "cases": [\n{lines}\n  ]\n}}\n')


if __name__ == "__main__":
    main()
