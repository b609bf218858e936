"""Writes policies.json: what Pillow makes of every sub-policy, and torchvision's tables.

    python policies.py        made with Python 3.11, Pillow 13.0.0, torchvision 0.26.0

For each policy there is a SHA-256 of each sub-policy: over both directions of each of its two operations, and over the
images, with both operations applied. AutoAugment's operations are written here as DeepVoltaire/AutoAugment describes
them, and its sub-policies are torchvision's; Fast AutoAugment's are from the file that the program carries.
"""

import hashlib
import itertools
import json
import pathlib
import platform
import sys

import numpy
import PIL
import torchvision
from PIL import Image, ImageDraw, ImageEnhance, ImageOps
from torchvision.transforms import AutoAugment, AutoAugmentPolicy

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "pixel" / "testdata"))
import inputs  # noqa: E402

NEAREST, BICUBIC, AFFINE = Image.Resampling.NEAREST, Image.Resampling.BICUBIC, Image.Transform.AFFINE
GREY = (128, 128, 128)
NAMES = {"ShearX": "shear_x", "ShearY": "shear_y", "TranslateX": "translate_x", "TranslateY": "translate_y",
         "AutoContrast": "autocontrast"}
ENHANCE = {"contrast": ImageEnhance.Contrast, "color": ImageEnhance.Color, "brightness": ImageEnhance.Brightness,
           "sharpness": ImageEnhance.Sharpness}
PLAIN = {"autocontrast": ImageOps.autocontrast, "invert": ImageOps.invert, "equalize": ImageOps.equalize}
RANGES = {"shear_x": numpy.linspace(0, 0.3, 10), "shear_y": numpy.linspace(0, 0.3, 10),
          "translate_x": numpy.linspace(0, 150 / 331, 10), "translate_y": numpy.linspace(0, 150 / 331, 10),
          "rotate": numpy.linspace(0, 30, 10), "posterize": numpy.round(numpy.linspace(8, 4, 10), 0).astype(int),
          "solarize": numpy.linspace(256, 0, 10)} | dict.fromkeys(ENHANCE, numpy.linspace(0.0, 0.9, 10))


def autoaugment(im, op, index, sign):
    if op in PLAIN:
        return PLAIN[op](im)
    v = RANGES[op][index]
    w, h = im.size
    if op == "shear_x":
        return im.transform(im.size, AFFINE, (1, v * sign, 0, 0, 1, 0), BICUBIC, fillcolor=GREY)
    if op == "shear_y":
        return im.transform(im.size, AFFINE, (1, 0, 0, v * sign, 1, 0), BICUBIC, fillcolor=GREY)
    if op == "translate_x":
        return im.transform(im.size, AFFINE, (1, 0, v * w * sign, 0, 1, 0), fillcolor=GREY)
    if op == "translate_y":
        return im.transform(im.size, AFFINE, (1, 0, 0, 0, 1, v * h * sign), fillcolor=GREY)
    if op == "rotate":
        turned = im.convert("RGBA").rotate(v * sign)
        return Image.composite(turned, Image.new("RGBA", turned.size, (128,) * 4), turned).convert(im.mode)
    if op == "posterize":
        return ImageOps.posterize(im, int(v))
    if op == "solarize":
        return ImageOps.solarize(im, v)
    return ENHANCE[op](im).enhance(1 + v * sign)


PLACE = (0.3, 0.8)
BOUNDS = {"shear_x": (-0.3, 0.3), "shear_y": (-0.3, 0.3), "translate_x": (-0.45, 0.45), "translate_y": (-0.45, 0.45),
          "rotate": (-30, 30), "solarize": (0, 256), "posterize": (4, 8), "cutout": (0, 0.2)} | dict.fromkeys(ENHANCE, (0.1, 1.9))


def fast(im, op, level, sign):
    if op in PLAIN:
        return PLAIN[op](im)
    low, high = BOUNDS[op]
    v = level * (high - low) + low
    w, h = im.size
    if op == "shear_x":
        return im.transform(im.size, AFFINE, (1, v * sign, 0, 0, 1, 0))
    if op == "shear_y":
        return im.transform(im.size, AFFINE, (1, 0, 0, v * sign, 1, 0))
    if op == "translate_x":
        return im.transform(im.size, AFFINE, (1, 0, v * sign * w, 0, 1, 0))
    if op == "translate_y":
        return im.transform(im.size, AFFINE, (1, 0, 0, 0, 1, v * sign * h))
    if op == "rotate":
        return im.rotate(v * sign)
    if op == "posterize":
        return ImageOps.posterize(im, int(v))
    if op == "solarize":
        return ImageOps.solarize(im, v)
    if op == "cutout":
        side = v * w
        x, y = (size + (1 - size) * u for size, u in zip((w, h), PLACE))  # numpy.random.uniform(size)
        x, y = int(max(0, x - side / 2)), int(max(0, y - side / 2))
        out = im.copy()
        ImageDraw.Draw(out).rectangle((x, y, min(w, x + side), min(h, y + side)), (125, 123, 114))
        return out
    return ENHANCE[op](im).enhance(v)


IMAGES = [inputs.make(kind, w, h, 3, seed) for seed, (kind, w, h) in enumerate(
    [("photo", 32, 32), ("noise", 32, 32), ("gradient", 32, 32), ("photo", 17, 33), ("photo", 64, 48),
     ("noise", 700, 4), ("noise", 4, 700)])]  # Long ones tell near translations apart.


def digest(apply, sub):
    h = hashlib.sha256()
    for signs in itertools.product((1, -1), repeat=len(sub)):
        for im in IMAGES:
            for (op, magnitude), sign in zip(sub, signs):
                im = apply(im, op, magnitude, sign)
            h.update(im.tobytes())
    return h.hexdigest()


def table(policy):
    return [[{"op": NAMES.get(op, op.lower()), "probability": p, "magnitude": m} for op, p, m in sub]
            for sub in AutoAugment(policy).policies]


def main():
    tables = {"autoaugment-cifar10": table(AutoAugmentPolicy.CIFAR10), "autoaugment-imagenet": table(AutoAugmentPolicy.IMAGENET)}
    carried = json.loads((HERE.parent / "policies" / "fast-autoaugment-cifar10.json").read_text())["policy"]
    digests = {}
    for name, subs, apply in [*((n, t, autoaugment) for n, t in tables.items()), ("fast-autoaugment-cifar10", carried, fast)]:
        digests[name] = [digest(apply, [(u["op"], u.get("magnitude")) for u in sub]) for sub in subs]
    versions = f"Python {platform.python_version()}, Pillow {PIL.__version__}, torchvision {torchvision.__version__}"
    text = json.dumps({"made_with": versions, "tables": tables, "digests": digests}, indent=0)
    (HERE / "policies.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
