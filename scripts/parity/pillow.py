"""Compares the Go program's operations and mixtures with Pillow's, live.

  pillow.py --views PROGRAM [--reference DIR]

PROGRAM is the compiled scripts/parity/views.go. 50 images of 32x32, all 13
operations, levels 1 to 10 (posterize: to 9), both signs: not one byte may
differ. With a checkout of google-research/augmix also 200 mixtures made by its
own operations from the same draws: no value may differ by more than 1e-6.

Prints a line "parity: what | deviation | tolerance" for each, and exits with 1
where one is exceeded.
"""

import argparse
import base64
import importlib
import json
import pathlib
import subprocess
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "pixel" / "testdata"), str(ROOT / "augmix" / "testdata")]
import golden  # noqa: E402
import inputs  # noqa: E402
import mixing  # noqa: E402

SIDE = 32

# What a level from 0 to 10 means (augmentations.py of the reference), in the Go
# program's order of operations; None: the operation takes no level.
PARAMETERS = {
    "autocontrast": None,
    "equalize": None,
    "posterize": lambda level: 4 - int(level * 4 / 10),
    "rotate": lambda level: int(level * 30 / 10),
    "solarize": lambda level: 256 - int(level * 256 / 10),
    "shear_x": lambda level: level * 0.3 / 10,
    "shear_y": lambda level: level * 0.3 / 10,
    "translate_x": lambda level: int(level * (SIDE / 3) / 10),
    "translate_y": lambda level: int(level * (SIDE / 3) / 10),
    "color": lambda level: level * 1.8 / 10 + 0.1,
    "contrast": lambda level: level * 1.8 / 10 + 0.1,
    "brightness": lambda level: level * 1.8 / 10 + 0.1,
    "sharpness": lambda level: level * 1.8 / 10 + 0.1,
}


def single_operations(images):
    """Returns cases of one operation each, and Pillow's results in [0, 1]."""
    cases, wanted = [], []
    for index, (name, parameter) in enumerate(PARAMETERS.items()):
        _, signed, operation = golden.OPERATIONS[name]
        for level in range(1, 11) if parameter else [0]:
            for negative in [False, True] if signed else [False]:
                value = parameter(level) if parameter else 0
                if name == "posterize" and value == 0:
                    continue  # Levels are drawn below 10; Pillow refuses 0 bits.
                apply = operation(-value if negative else value)
                step = {"Op": index, "Level": level, "Negative": negative}
                for i, image in enumerate(images):
                    cases.append({"Image": i, "Draws": {"Weights": [1], "M": 1, "Chains": [[step]]}})
                    wanted.append(np.asarray(apply(image), np.float32) / np.float32(255))
    return cases, np.array(wanted)


def mixtures(images, reference, count):
    """Returns cases with drawn chains and weights, and the reference's views."""
    sys.path.insert(0, reference)
    module = importlib.import_module("augmentations")
    module.IMAGE_SIZE = SIDE
    cases, wanted = [], []
    for seed in range(count):
        case = {"seed": 1000 + seed, "all_ops": seed % 2 == 1, "severity": [3, 1, 10][seed % 3], "width": 3, "depth": -1}
        view, draws = mixing.view(module, images[seed % len(images)], case)
        cases.append({"Image": seed % len(images), "Draws": draws})
        wanted.append(view * np.float32(0.5) + np.float32(0.5))
    return cases, np.array(wanted)


def views(program, images, cases):
    """Returns what the Go program makes of the cases."""
    given = {"Images": [base64.b64encode(image.tobytes()).decode() for image in images], "Cases": cases}
    done = subprocess.run([program], input=json.dumps(given).encode(), stdout=subprocess.PIPE, check=True)
    return np.frombuffer(done.stdout, "<f4").reshape(len(cases), SIDE, SIDE, 3)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--views", required=True, metavar="PROGRAM")
    parser.add_argument("--reference", metavar="DIR")
    arguments = parser.parse_args()
    images = inputs.sets()["rgb32"]

    cases, wanted = single_operations(images)
    differ = int((views(arguments.views, images, cases) != wanted).sum())
    print(f"parity: Pillow {golden.PIL.__version__}: {len(images)} images, {len(PARAMETERS)} operations, levels 1 to 10"
          f" (posterize 9), both signs: bytes of {wanted.size} that differ | {differ} | 0")
    exceeded = differ > 0

    if arguments.reference:
        cases, wanted = mixtures(images, arguments.reference, 200)
        largest = float(np.abs(views(arguments.views, images, cases) - wanted).max())
        print(f"parity: the reference's operations: {len(cases)} mixed views, largest difference | {largest:.1e} | 1e-06")
        exceeded = exceeded or not largest <= 1e-6
    sys.exit(int(exceeded))


if __name__ == "__main__":
    main()
