"""Compares the corruptions with the generator of hendrycks/robustness.

    corruptions.py ROBUSTNESS TOOL DATA FOLDER [--side 32|224] [--images N] [--seeds N] [--only NAME …]
                   [--classify CHECKPOINT]

Without --classify it runs the original's own code, ROBUSTNESS/ImageNet-C/create_c, with a few names that its libraries
have changed since, and TOOL (scripts/corruptions) on the same images of DATA, CIFAR-10's test set or, at 224 pixels,
imagenet-samples, and writes a table to the standard output. It needs numpy, scipy, scikit-image, OpenCV, Pillow and
wand. What the original made is kept in FOLDER (3 MB for 1,000 images of 32 pixels at a severity and with a seed), so
that a call that was interrupted goes on when it is repeated. With --classify a CIFAR-10 ResNet-20 then classifies what
both made; this needs PyTorch instead.

Of the pixel difference, corrupted less clean on the scale of 0 to 255, each image has a mean and a standard deviation,
averaged over seeds. Ours and the original's averages over images agree if they are within 4 standard errors (of the
paired difference), or the means within max(1.0, 8 %) and the deviations within max(0.4, 6 %). Corruptions that draw no
random number are to be equal. Times are of the processor, in milliseconds an image; the original's
are of a few images and of its code without what FASTER changes. Exit code 1: something deviates.
"""

import argparse
import hashlib
import json
import os
import pathlib
import pickle
import subprocess
import sys
import time

import numpy as np

TEST = """gaussian_noise shot_noise impulse_noise defocus_blur glass_blur motion_blur zoom_blur snow frost fog
brightness contrast elastic_transform pixelate jpeg_compression""".split()
NAMES = TEST + ["speckle_noise", "gaussian_blur", "spatter", "saturate"]
EXACT = "defocus_blur zoom_blur brightness contrast pixelate jpeg_compression gaussian_blur saturate".split()
CREATE = pathlib.Path("ImageNet-C", "create_c")
TOLERATED = 2.5  # points of error
SCRIPTS = {32: "make_cifar_c.py", 224: "make_imagenet_c.py"}
CHANGED = {
    "np.float_": "np.float64",
    "multichannel=True": "channel_axis=-1",
    "np.fromstring": "np.frombuffer",
    "scipy.ndimage.interpolation": "scipy.ndimage",
}
# The same in less time: glass blur's numbers drawn many at once, frost's files read once.
FASTER = {
    "np.random.randint(-c[1], c[1], size=(2,))": "next(pairs(-c[1], c[1]))",
    "cv2.imread(filename)": "read(filename)",
}
TIMED = {32: 20, 224: 2}  # images


def original(folder, side, changes):
    """The original's functions by name, with changes to their text."""
    text = (folder / SCRIPTS[side]).read_text()
    helpers = text[text.index("# /////////////// Distortion Helpers") : text.index("# /////////////// End Distortions")]
    for old, new in changes.items():
        helpers = helpers.replace(old, new)
    imports = """
from io import BytesIO
import ctypes, functools, warnings
import cv2, numpy as np, skimage as sk, skimage.color, skimage.util, wand.color as WandColor
from PIL import Image as PILImage
from scipy.ndimage import map_coordinates, zoom as scizoom
from skimage.filters import gaussian
from wand.api import library as wandlibrary
from wand.image import Image as WandImage
warnings.simplefilter("ignore")
read = functools.cache(cv2.imread)
@functools.cache
def pairs(low, high):
    while True:
        yield from np.random.randint(low, high, size=(4096, 2)).tolist()
"""
    names = {}
    exec(compile(imports + helpers, SCRIPTS[side], "exec"), names)
    os.chdir(folder)  # where its frost textures are
    return names


def load(data, side, n):
    if side == 32:
        with open(data / "cifar-10-batches-py" / "test_batch", "rb") as f:
            batch = pickle.load(f, encoding="bytes")
        images = batch[b"data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        return np.ascontiguousarray(images[:n]), np.array(batch[b"labels"][:n])
    from PIL import Image

    images = []
    for path in sorted((data / "imagenet-samples" / "val").glob("*/*"))[:n]:
        image = Image.open(path).convert("RGB")
        scale = 256 / min(image.size)
        w, h = max(256, int(image.width * scale)), max(256, int(image.height * scale))
        image = image.resize((w, h), Image.BILINEAR)
        left, top = round((w - side) / 2), round((h - side) / 2)
        images.append(np.array(image.crop((left, top, left + side, top + side))))
    return np.stack(images), np.zeros(len(images), int)


def theirs(function, images, severity):
    """The images that the original makes, and the milliseconds that one took."""
    from PIL import Image

    out = np.empty_like(images)
    before = time.process_time()
    for i, x in enumerate(images):
        out[i] = np.uint8(function(Image.fromarray(x), severity))
    return out, (time.process_time() - before) * 1000 / len(images)


def ours(args, name, images, severity, seed):
    """The images that TOOL makes, and its milliseconds an image."""
    side, frost = str(images.shape[1]), args.robustness / CREATE
    command = [args.tool, name, str(severity), str(seed), side, side, frost]
    done = subprocess.run(command, input=images.tobytes(), capture_output=True)
    if done.returncode:
        sys.exit(done.stderr.decode())
    return np.frombuffer(done.stdout, np.uint8).reshape(images.shape), float(done.stderr)


def calls(args):
    """What is compared: seed, name and severity. Seeds change slowest, so that an interrupted call has whole ones."""
    for seed in range(args.seeds):
        for name in args.only or NAMES:
            for severity in range(1, 6):
                if seed == 0 or name not in EXACT:
                    yield seed, name, severity


def stored(args, name, severity, seed):
    """The file that keeps what the original made."""
    return args.folder / f"{name}-{severity}-{seed}.npz"


def keep(args, images):
    """Runs the original where no file has what it makes of these images."""
    unchanged = original(args.robustness / CREATE, args.side, CHANGED)
    functions = original(args.robustness / CREATE, args.side, CHANGED | FASTER)
    clean = hashlib.sha256(images.tobytes()).hexdigest()
    for seed, name, severity in calls(args):
        path = stored(args, name, severity, seed)
        if path.exists() and str(np.load(path)["clean"]) == clean:
            continue
        ms = np.nan
        if seed == 0:
            theirs(unchanged[name], images[:1], severity)  # not timed: it loads what is imported late
            _, ms = theirs(unchanged[name], images[: TIMED[args.side]], severity)
        functions["pairs"].cache_clear()
        np.random.seed(1000 * seed + severity)
        out, _ = theirs(functions[name], images, severity)
        part = path.with_suffix(".part")
        with open(part, "wb") as f:
            np.savez(f, images=out, ms=ms, clean=clean)
        part.rename(path)
        print(f"{args.side} pixels, seed {seed}: {name} {severity}", file=sys.stderr, flush=True)


def statistics(corrupted, clean):
    """Per image: the mean of the difference and its standard deviation."""
    d = (corrupted.astype(np.float32) - clean).reshape(len(clean), -1)
    return np.stack([d.mean(1), d.std(1)])


def agree(a, b):
    """a and b: the statistics of ours and theirs, averaged over seeds."""
    diff = a - b
    error = diff.std(1, ddof=1) / np.sqrt(diff.shape[1]) if diff.shape[1] > 1 else np.zeros(2)
    gap = np.abs(diff.mean(1))
    if (gap <= 4 * error + 1e-6).all():
        return True
    want = np.abs(b.mean(1))
    return gap[0] <= max(1.0, 0.08 * want[0]) and gap[1] <= max(0.4, 0.06 * want[1])


def join(values, form="{:.1f}"):
    return " ".join(form.format(v) for v in values)


def compare(args):
    images, labels = load(args.data, args.side, args.images)
    args.folder.mkdir(parents=True, exist_ok=True)
    keep(args, images)
    print(f"{args.side} pixels, {len(images)} images, seeds: {args.seeds}\n")
    print("| corruption | mean of the difference at severities 1–5: ours | original | deviation: ours | original "
          "| largest difference | ms an image: ours | original | agrees |\n|---|---|---|---|---|---|---|---|---|")
    bad, total = False, np.zeros(2)
    for name in args.only or NAMES:
        seeds = 1 if name in EXACT else args.seeds
        sums, ms, ok = np.zeros((5, 2, 2, len(images))), np.zeros((5, 2)), True
        largest = unequal = 0
        for severity in range(5):
            for seed in range(seeds):
                a, ours_ms = ours(args, name, images, severity + 1, seed)
                kept = np.load(stored(args, name, severity + 1, seed))
                b = kept["images"]
                sums[severity] += np.stack([statistics(a, images), statistics(b, images)]) / seeds
                ms[severity, 0] += ours_ms / seeds
                if seed == 0:
                    ms[severity, 1] = kept["ms"]
                differences = np.abs(a.astype(np.int16) - b)
                largest, unequal = max(largest, int(differences.max())), unequal + np.count_nonzero(differences)
            ok &= largest == 0 if name in EXACT else bool(agree(*sums[severity]))
        bad |= not ok
        total += ms.sum(0) * (name in TEST)
        mean = sums.mean(3)  # by severity, whose, statistic
        if name not in EXACT:
            difference = "–"
        else:
            difference = f"{largest}, in {unequal} of {5 * images.size}" if unequal else "0"
        print(f"| {name} | {join(mean[:, 0, 0])} | {join(mean[:, 1, 0])} | {join(mean[:, 0, 1])} | {join(mean[:, 1, 1])} "
              f"| {difference} | {ms[:, 0].mean():.3f} | {ms[:, 1].mean():.2f} "
              f"| {'yes' if ok else 'NO'} |", flush=True)
    if not args.only:
        print(f"\nThe fifteen test corruptions at five severities take {total[0]:.1f} ms an image and {total[1]:.0f} ms in "
              f"the original: {total[1] / total[0]:.0f} times as much on a core.")
    return bad


def resnet20(checkpoint):
    """The published ResNet-20 of normalised images, its BatchNorms within the convolutions."""
    import torch
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    import nets

    state = torch.load(checkpoint, map_location="cpu", weights_only=True)["state_dict"]
    net = nets.ResNet(20)
    net.load_state_dict({k.removeprefix("module."): v for k, v in state.items()}, strict=True)
    net.eval()
    for module in list(net.modules()):
        for i in "12":
            if hasattr(module, "bn" + i):
                setattr(module, "conv" + i, fuse_conv_bn_eval(getattr(module, "conv" + i), getattr(module, "bn" + i)))
                setattr(module, "bn" + i, torch.nn.Identity())
    return net.to(memory_format=torch.channels_last)


def classify(args):
    import torch

    torch.set_num_threads(1)
    network = resnet20(args.classify)
    mean, std = (torch.tensor(v) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    clean, labels = load(args.data, args.side, args.images)

    @torch.inference_mode()
    def wrong(images, path):
        """Which images are classified wrongly, 0 or 1. What path says was classified before is not again."""
        known = json.loads(path.read_text()) if path.exists() else {}
        digest = hashlib.sha256(images.tobytes()).hexdigest()
        if digest not in known:
            found = []
            for i in range(0, len(images), 500):
                x = (torch.tensor(images[i : i + 500]) / 255 - mean) / std
                found.append(network(x.permute(0, 3, 1, 2)).argmax(1).numpy() != labels[i : i + 500])
            known[digest] = np.packbits(np.concatenate(found)).tobytes().hex()
            path.write_text(json.dumps(known))
        return np.unpackbits(np.frombuffer(bytes.fromhex(known[digest]), np.uint8))[: len(images)]

    print("| corruption | ours, error at severities 1–5 | original | largest gap | in standard errors | agrees |\n"
          "|---|---|---|---|---|---|")
    bad = False
    for name in args.only or NAMES:
        errors = np.zeros((5, 2, len(clean)))  # in percent, averaged over seeds
        for severity in range(5):
            seeds = 1 if name in EXACT else args.seeds
            for seed in range(seeds):
                a, _ = ours(args, name, clean, severity + 1, seed)
                b = np.load(stored(args, name, severity + 1, seed))["images"]
                path = args.folder / f"{name}.json"
                errors[severity] += np.stack([wrong(a, path), wrong(b, path)]) * 100.0 / seeds
        diff = errors[:, 0] - errors[:, 1]
        gaps = np.abs(diff.mean(1))
        worst = gaps.argmax()
        off = gaps[worst] / max(diff[worst].std(ddof=1) / np.sqrt(len(clean)), 1e-6)
        ok = gaps[worst] <= TOLERATED
        bad |= not ok
        mean_error = errors.mean(2)
        print(f"| {name} | {join(mean_error[:, 0])} | {join(mean_error[:, 1])} | {gaps[worst]:.2f} | {off:.1f} "
              f"| {'yes' if ok else 'NO'} |", flush=True)
    return bad


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("robustness", "tool", "data", "folder"):
        parser.add_argument(name, type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--classify")
    args = parser.parse_args()
    sys.exit(classify(args) if args.classify else compare(args))
