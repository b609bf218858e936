"""Compares the Go program's operations and mixtures with Pillow's, live.

  pillow.py --operations PROGRAM --views PROGRAM [--reference DIR] [--cases N] [--photographs DIR]

The programs are scripts/parity/operations and scripts/parity/views.go, compiled.
N random cases (100,000) of one operation each: the size from 1x1 to 300x300, colour or
grey, noise, flat colours, gradients and, with --photographs, parts of those; each of the
13 operations at a level from 0.1 to 10 or a whole one, either sign, 0 or 128 outside the
image: not one byte may differ. With a checkout of google-research/augmix also 200
mixtures made by its own operations from the same draws: no value may differ by more than
1e-6.

Prints a line "parity: what | deviation | tolerance" for each, and exits with 1
where one is exceeded.
"""

import argparse
import base64
import importlib
import json
import pathlib
import struct
import subprocess
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "pixel" / "testdata"), str(ROOT / "augmix" / "testdata")]
import golden  # noqa: E402
import inputs  # noqa: E402
import levels  # noqa: E402
import mixing  # noqa: E402

SIDE = 32


def random_image(draw, photographs):
    """Returns an RGB or grey image of a random size and kind."""
    w, h = (int(draw.choice([1, 2, 3, draw.integers(4, 65), draw.integers(4, 65), draw.integers(4, 65), 32, 32,
                             draw.integers(65, 301)], p=[.03, .03, .04, .2, .2, .2, .15, .1, .05])) for _ in range(2))
    channels = 1 if draw.random() < 0.3 else 3
    kind = draw.integers(0, 5)
    if kind == 4 and photographs:
        photograph = photographs[draw.integers(len(photographs))]
        x, y = (int(draw.integers(0, max(1, side - length + 1))) for side, length in zip(photograph.size, (w, h)))
        image = photograph.crop((x, y, x + w, y + h))
        return image.convert("L") if channels == 1 else image
    if kind == 0:
        pixels = draw.integers(0, 256, (h, w, channels))
    elif kind == 1:
        pixels = np.broadcast_to(draw.integers(0, 256, channels), (h, w, channels))
    elif kind == 2:  # few values, far apart
        pixels = draw.integers(0, 3, (h, w, channels)) * draw.integers(1, 128)
    else:
        y, x = np.mgrid[0:h, 0:w][..., None]
        pixels = draw.uniform(-9, 9, channels) * x + draw.uniform(-9, 9, channels) * y + draw.uniform(0, 255, channels)
        pixels = np.clip(pixels + draw.uniform(-4, 4, (h, w, channels)), 0, 255)
    pixels = np.ascontiguousarray(pixels, dtype=np.uint8)
    return golden.Image.fromarray(pixels[..., 0] if channels == 1 else pixels)


def compare_operations(program, count, photographs):
    """Returns how many bytes were compared and how many differ."""
    draw = np.random.default_rng(2020)
    done = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    compared = differ = 0
    for _ in range(count):
        image = random_image(draw, photographs)
        index = int(draw.integers(len(levels.PARAMETERS)))
        name = list(levels.PARAMETERS)[index]
        _, signed, operation = golden.OPERATIONS[name]
        level = float(draw.integers(1, 11)) if draw.random() < 0.3 else draw.uniform(0.1, 10)
        if name == "posterize":
            level = min(level, 9.99)  # Pillow 13 refuses 0 bits.
        negative, fill = bool(draw.random() < 0.5), int(draw.choice([0, 128]))
        parameter = levels.PARAMETERS[name]
        value = parameter(level, *image.size) if parameter else 0
        wanted = (operation(-value if negative else value, fill) if signed else operation(value))(image).tobytes()
        given = image.tobytes()
        done.stdin.write(struct.pack("<6Id", *image.size, len(image.getbands()), fill, index, negative, level) + given)
        done.stdin.flush()
        got = done.stdout.read(len(wanted))
        compared += len(wanted)
        if got != wanted:
            bytes_off = int((np.frombuffer(got, np.uint8) != np.frombuffer(wanted, np.uint8)).sum())
            differ += bytes_off
            print(f"pillow: {name} at level {level}, negated {negative}, fill {fill}, of {image.size} {image.mode}:"
                  f" {bytes_off} bytes differ", file=sys.stderr)
    done.stdin.close()
    if done.wait() != 0:
        sys.exit(f"pillow: {program} ended with {done.returncode}")
    return compared, differ


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
    parser.add_argument("--operations", required=True, metavar="PROGRAM")
    parser.add_argument("--views", required=True, metavar="PROGRAM")
    parser.add_argument("--reference", metavar="DIR")
    parser.add_argument("--cases", type=int, default=100_000, metavar="N")
    parser.add_argument("--photographs", metavar="DIR")
    arguments = parser.parse_args()
    images = inputs.sets()["rgb32"]
    files = sorted(pathlib.Path(arguments.photographs).glob("*/*"))[::10] if arguments.photographs else []
    photographs = [golden.Image.open(file).convert("RGB") for file in files]

    compared, differ = compare_operations(arguments.operations, arguments.cases, photographs)
    print(f"parity: Pillow {golden.PIL.__version__}: {arguments.cases} random cases of {len(levels.PARAMETERS)} operations, images of"
          f" 1x1 to 300x300: bytes of {compared} that differ | {differ} | 0")
    exceeded = differ > 0

    if arguments.reference:
        cases, wanted = mixtures(images, arguments.reference, 200)
        largest = float(np.abs(views(arguments.views, images, cases) - wanted).max())
        print(f"parity: the reference's operations: {len(cases)} mixed views, largest difference | {largest:.1e} | 1e-06")
        exceeded = exceeded or not largest <= 1e-6
    sys.exit(int(exceeded))


if __name__ == "__main__":
    main()
