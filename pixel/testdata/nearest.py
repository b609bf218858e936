"""Writes nearest.json: SHA-256 values of what Pillow's nearest and bicubic transforms return.

    python nearest.py         made with Python 3.11, Pillow 13.0.0

The inputs come from inputs.py, which the Go test re-implements. Each hash covers the outputs for all images of a set,
in order.
"""

import hashlib
import json
import pathlib
import platform

import PIL
from PIL import Image, ImageOps

import inputs

NEAREST, BICUBIC = Image.Resampling.NEAREST, Image.Resampling.BICUBIC


def affine(im, matrix, resample, fill):
    return im.transform(im.size, Image.Transform.AFFINE, matrix, resample=resample,
                        fillcolor=fill if im.mode == "L" else (fill,) * 3)


SHEARS = [i * 0.3 / 9 for i in range(10)] + [0.1234567, 0.97, 2.5]
OPERATIONS = {
    "shear_x_bicubic": (SHEARS, lambda im, v, fill: affine(im, (1, v, 0, 0, 1, 0), BICUBIC, fill)),
    "shear_y_bicubic": (SHEARS, lambda im, v, fill: affine(im, (1, 0, 0, v, 1, 0), BICUBIC, fill)),
    "shear_x_nearest": (SHEARS, lambda im, v, fill: affine(im, (1, v, 0, 0, 1, 0), NEAREST, fill)),
    "shear_y_nearest": (SHEARS, lambda im, v, fill: affine(im, (1, 0, 0, v, 1, 0), NEAREST, fill)),
    "translate_x_nearest": ([i * 150 / 331 / 9 * 32 for i in range(10)] + [0.5, 0.25, 3.75, 300.5],
                            lambda im, v, fill: affine(im, (1, 0, v, 0, 1, 0), NEAREST, fill)),
    "translate_y_nearest": ([i * 150 / 331 / 9 * 32 for i in range(10)] + [0.5, 0.25, 3.75, 300.5],
                            lambda im, v, fill: affine(im, (1, 0, 0, 0, 1, v), NEAREST, fill)),
    "rotate_nearest": ([i * 30 / 9 for i in range(10)] + [0.01, 7.7, 45, 89],
                       lambda im, v, fill: im.rotate(v, fillcolor=fill if im.mode == "L" else (fill,) * 3)),
    "invert": ([0], lambda im, v, fill: ImageOps.invert(im)),
}


def main():
    cases = []
    for name, images in inputs.sets().items():
        for op, (values, f) in OPERATIONS.items():
            for i, v in enumerate(values):
                for signed in (v, -v) if v else (v,):
                    fill = (0, 128, 255)[i % 3]
                    h = hashlib.sha256()
                    for im in images:
                        h.update(f(im, signed, fill).tobytes())
                    cases.append({"set": name, "op": op, "arg": signed, "fill": fill, "sha256": h.hexdigest()})
    lines = ",\n".join("    " + json.dumps(c) for c in cases)
    versions = f"Python {platform.python_version()}, Pillow {PIL.__version__}"
    path = pathlib.Path(__file__).with_name("nearest.json")
    path.write_text(f'{{\n  "made_with": "{versions}",\n  "cases": [\n{lines}\n  ]\n}}\n')


if __name__ == "__main__":
    main()
