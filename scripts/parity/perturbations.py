"""Runs the original perturbation generator on a test pattern and writes digests of its frames.

  perturbations.py ROBUSTNESS FILE [--only NAME ...]

ROBUSTNESS is a checkout of hendrycks/robustness. Its scripts ImageNet-P/create_p/make_cifar_p.py and make_imagenet_p.py
hold every perturbation as a section, most of them commented out; each is uncommented and run as it is. FILE,
corrupt/testdata/perturbations.json, gets for each table (32 and 224 pixels) and perturbation the first 16 hex digits of
the SHA-256 of every frame; entries that are there already and not run again stay. Where a section draws random numbers
the pattern takes their place. The dependencies are those of the original's time where that decides pixels: torchvision
0.2.1 (only its transforms), OpenCV 4.10 for tilt (5 rounds differently) and 5.0 for spatter, ImageMagick 6.9.
"""

import argparse
import collections
import collections.abc
import hashlib
import importlib.util
import json
import os
import pathlib
import re
import sys
import types

import numpy as np
import PIL
from PIL import Image as PILImage

# Names that later versions of the dependencies have removed.
collections.Iterable, collections.Sequence = collections.abc.Iterable, collections.abc.Sequence
PIL.PILLOW_VERSION = "5.2.0"
np.fromstring = lambda text, kind: np.frombuffer(text, kind)


def transforms():
    """Returns the transforms of the torchvision on the path without the rest of it."""
    folder = pathlib.Path(importlib.util.find_spec("torchvision").origin).parent / "transforms"
    spec = importlib.util.spec_from_file_location("oldtransforms", folder / "__init__.py", submodule_search_locations=[str(folder)])
    module = importlib.util.module_from_spec(spec)
    sys.modules["oldtransforms"] = module
    spec.loader.exec_module(module)
    return module, importlib.import_module("oldtransforms.functional")


def gaussian(image, sigma, multichannel=False, truncate=4.0):
    import skimage.filters
    return skimage.filters.gaussian(image, sigma=sigma, channel_axis=-1 if multichannel else None, truncate=truncate)


def pattern(width, height):
    """Returns the test picture, which package corrupt's test makes too."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    return np.uint8((5 * x + 3 * y + 70 * c + 4 * (x * y % 11)) & 255)


def normal(size, loc=0.0, scale=1.0):
    """Stands in for random numbers with a pattern of blots."""
    y, x = np.meshgrid(np.arange(size[0]), np.arange(size[1]), indexing="ij")
    return loc + scale * ((x // 3 * 7 + y // 4 * 13) % 32 * 0.137 - 1.6)


def sections(path):
    """Returns the code before the loop over images, and that of each perturbation."""
    text = path.read_text()
    start = text.index("# Tell Python about the C method")
    prelude = text[start:re.search(r"^(test_data = |for index)", text, re.M).start()]
    found = {}
    for name, body in re.findall(r"/////////////// ([A-Z][A-Za-z ]+) Code ///////////////\n(.*?)/////////////// End \1 Code", text, re.S):
        lines = body.split("\n")[:-1]
        depth = min(len(l) - len(l.lstrip()) for l in lines if l.strip())
        lines = [l[depth:] for l in lines]
        if all(l.startswith("#") for l in lines if l.strip()):
            lines = [re.sub(r"^# ?", "", l) for l in lines]
        found[name.lower().replace(" ", "_")] = "\n".join(lines)
    return prelude, found


def run(prelude, code, image):
    """Returns the frames that a section makes of an image."""
    import ctypes
    import io
    import cv2
    import skimage.color
    import scipy.ndimage
    from wand.api import library
    from wand.image import Image as WandImage
    trn, functional = transforms()
    frames, save = [], PILImage.Image.save

    def keep(self, to, *args, **kwargs):
        if isinstance(to, str):
            frames.append(np.array(self))
        else:
            save(self, to, *args, **kwargs)

    space = {
        "np": np, "cv2": cv2, "PILImage": PILImage, "trn": trn, "trn_F": functional, "skcolor": skimage.color, "BytesIO": io.BytesIO,
        "scizoom": scipy.ndimage.zoom, "gaussian": gaussian, "ctypes": ctypes, "wandlibrary": library, "WandImage": WandImage,
        "seq": frames, "img": image, "folder": "", "img_loc": "x.JPEG", "gettempdir": lambda: "", "rmtree": lambda *a, **k: None,
        "os": types.SimpleNamespace(path=os.path, makedirs=lambda *a: None, system=lambda *a: None, times=os.times),
    }
    drawn, np.random.normal, PILImage.Image.save = np.random.normal, normal, keep
    try:
        exec(prelude, space)
        exec(code, space)
    finally:
        np.random.normal, PILImage.Image.save = drawn, save
    return frames


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("robustness", type=pathlib.Path)
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--only", nargs="*", default=["motion_blur", "zoom_blur", "snow", "brightness", "translate", "rotate",
                                                      "tilt", "scale", "gaussian_blur", "spatter", "shear"])
    arguments = parser.parse_args()
    result = json.loads(arguments.file.read_text()) if arguments.file.exists() else {}
    for table, script, size in (("32", "make_cifar_p.py", (32, 32)), ("224", "make_imagenet_p.py", (341, 256))):
        prelude, found = sections(arguments.robustness / "ImageNet-P" / "create_p" / script)
        for name in arguments.only:
            image = pattern(*size)
            frames = run(prelude, found[name], image if table == "32" else PILImage.fromarray(image))
            digests = [hashlib.sha256(np.ascontiguousarray(np.uint8(f)).tobytes()).hexdigest()[:16] for f in frames]
            result.setdefault(table, {})[name] = digests
            print(table, name, len(frames), frames[0].shape, file=sys.stderr)
    arguments.file.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
