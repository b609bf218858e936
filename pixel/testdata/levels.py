"""Writes levels.json: SHA-256 values of what Pillow makes of AugMix's operations.

    python levels.py [PHOTOGRAPHS]     made with Python 3.11, Pillow 13.0.0, NumPy 2.4.6

Each of the 13 operations at the levels 1 to 10 and with both signs, on 78 seeded
images of 13 sizes (inputs.py, which the Go test re-implements) and, where a folder
of class folders is given, on some of its photographs. Posterize ends at level 9,
since Pillow 13 refuses the 0 bits of level 10. Each hash covers the outputs for all
images of a set, in order.
"""

import json
import pathlib
import platform
import sys

import numpy
import PIL
from PIL import Image

import golden
import inputs

# What a level means for an image of w x h pixels (augmentations.py of the reference,
# with the image's own sides for its IMAGE_SIZE).
PARAMETERS = {
    "autocontrast": None,
    "equalize": None,
    "posterize": lambda level, w, h: 4 - int(level * 4 / 10),
    "rotate": lambda level, w, h: int(level * 30 / 10),
    "solarize": lambda level, w, h: 256 - int(level * 256 / 10),
    "shear_x": lambda level, w, h: level * 0.3 / 10,
    "shear_y": lambda level, w, h: level * 0.3 / 10,
    "translate_x": lambda level, w, h: int(level * (w / 3) / 10),
    "translate_y": lambda level, w, h: int(level * (h / 3) / 10),
    "color": lambda level, w, h: level * 1.8 / 10 + 0.1,
    "contrast": lambda level, w, h: level * 1.8 / 10 + 0.1,
    "brightness": lambda level, w, h: level * 1.8 / 10 + 0.1,
    "sharpness": lambda level, w, h: level * 1.8 / 10 + 0.1,
}


def apply(name, level, negative, image):
    _, _, operation = golden.OPERATIONS[name]
    value = PARAMETERS[name](level, *image.size) if PARAMETERS[name] else 0
    return operation(-value if negative else value)(image)


def main():
    sets = {"sizes": inputs.level_images()}
    if len(sys.argv) > 1:
        # Every twentieth of the files sorted by their paths below the folder.
        folder = pathlib.Path(sys.argv[1])
        files = sorted(folder.glob("*/*"), key=lambda f: str(f.relative_to(folder)))[::20]
        sets["photographs"] = [Image.open(file).convert("RGB") for file in files]
    cases = []
    for set_name, images in sets.items():
        for name, parameter in PARAMETERS.items():
            levels = range(1, 11) if parameter else [0]
            for level in range(1, 10) if name == "posterize" else levels:
                for negative in [False, True] if golden.OPERATIONS[name][1] else [False]:
                    digest = golden.digest(apply(name, level, negative, image) for image in images)
                    cases.append({"set": set_name, "op": name, "level": level, "negative": negative, "sha256": digest})
    versions = f"Python {platform.python_version()}, Pillow {PIL.__version__}, NumPy {numpy.__version__}"
    lines = ",\n".join("    " + json.dumps(c) for c in cases)
    path = pathlib.Path(__file__).with_name("levels.json")
    path.write_text(f'{{\n  "made_with": "{versions}",\n  "cases": [\n{lines}\n  ]\n}}\n')


if __name__ == "__main__":
    main()
