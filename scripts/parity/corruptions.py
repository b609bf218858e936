"""Compares the corruptions with the generator of hendrycks/robustness.

    corruptions.py ROBUSTNESS TOOL DATA FOLDER [--side 32|224] [--images N] [--seeds N] [--only NAME …]
    corruptions.py --classify FOLDER CHECKPOINT

The first form runs the original's own code, ROBUSTNESS/ImageNet-C/create_c, with a few names that its libraries
have changed since, and TOOL (scripts/corruptions) on the same images of DATA, CIFAR-10's test set or, at 224 pixels,
imagenet-samples. It writes a table to the standard output and the images into FOLDER. It needs numpy, scipy,
scikit-image, OpenCV, Pillow and wand. The second form classifies these images with a CIFAR-10 ResNet-20 and needs
PyTorch instead.

Of the pixel difference, corrupted less clean on the scale of 0 to 255, each image has a mean and a standard deviation,
averaged over seeds. Ours and the original's averages over images agree if they are within 4 standard errors (of the
paired difference), or the means within max(1.0, 8 %) and the deviations within max(0.4, 6 %). Corruptions that draw no
random number are to be equal. Times are of the processor, in milliseconds an image. Exit code 1: something deviates.
"""

import argparse
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
SCRIPTS = {32: "make_cifar_c.py", 224: "make_imagenet_c.py"}
CHANGED = {
    "np.float_": "np.float64",
    "multichannel=True": "channel_axis=-1",
    "np.fromstring": "np.frombuffer",
    "scipy.ndimage.interpolation": "scipy.ndimage",
}


def original(folder, side):
    """The original's functions by name."""
    text = (folder / SCRIPTS[side]).read_text()
    helpers = text[text.index("# /////////////// Distortion Helpers") : text.index("# /////////////// End Distortions")]
    for old, new in CHANGED.items():
        helpers = helpers.replace(old, new)
    imports = """
from io import BytesIO
import ctypes, warnings
import cv2, numpy as np, skimage as sk, skimage.color, skimage.util, wand.color as WandColor
from PIL import Image as PILImage
from scipy.ndimage import map_coordinates, zoom as scizoom
from skimage.filters import gaussian
from wand.api import library as wandlibrary
from wand.image import Image as WandImage
warnings.simplefilter("ignore")
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
    from PIL import Image

    out = np.empty_like(images)
    before = time.process_time()
    for i, x in enumerate(images):
        out[i] = np.uint8(function(Image.fromarray(x), severity))
    return out, (time.process_time() - before) * 1000 / len(images)


def ours(tool, name, images, severity, seed, side, frost):
    command = [tool, name, str(severity), str(seed), str(side), str(side), str(frost)]
    done = subprocess.run(command, input=images.tobytes(), capture_output=True)
    if done.returncode:
        sys.exit(done.stderr.decode())
    return np.frombuffer(done.stdout, np.uint8).reshape(images.shape), float(done.stderr)


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


def compare(args):
    side, folder = args.side, pathlib.Path(args.folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    tool = str(pathlib.Path(args.tool).resolve())
    images, labels = load(pathlib.Path(args.data).resolve(), side, args.images)
    create = pathlib.Path(args.robustness).resolve() / "ImageNet-C" / "create_c"
    functions = original(create, side)
    np.save(folder / "labels.npy", labels)
    print(f"{side} pixels, {len(images)} images, {args.seeds} seeds\n")
    print("| corruption | severity | mean, ours | original | deviation, ours | original | largest difference | ms, ours | original | agrees |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    bad = False
    for name in args.only or NAMES:
        kept = {"ours": [], "original": []}
        for severity in range(1, 6):
            seeds = 1 if name in EXACT else args.seeds
            sums, times, largest = np.zeros((2, 2, len(images))), np.zeros(2), "–"
            for seed in range(seeds):
                np.random.seed(1000 * seed + severity)
                a, ours_ms = ours(tool, name, images, severity, seed, side, create)
                b, theirs_ms = theirs(functions[name], images, severity)
                sums += np.stack([statistics(a, images), statistics(b, images)]) / seeds
                times += np.array([ours_ms, theirs_ms]) / seeds
                kept["ours"].append(a)
                kept["original"].append(b)
            if name in EXACT:
                largest = int(np.abs(a.astype(int) - b).max())
            ok = largest == 0 if name in EXACT else agree(*sums)
            bad |= not ok
            mean = sums.mean(2)
            print(f"| {name} | {severity} | {mean[0, 0]:.2f} | {mean[1, 0]:.2f} | {mean[0, 1]:.2f} | {mean[1, 1]:.2f} | {largest} "
                  f"| {times[0]:.3f} | {times[1]:.2f} | {'yes' if ok else 'NO'} |", flush=True)
        if side == 32:
            np.savez(folder / f"{name}.npz", **{k: np.stack(v).reshape(5, -1, *images.shape) for k, v in kept.items()})
    return bad


def resnet20(state):
    """The CIFAR ResNet-20 (option A shortcuts) of a state dict, as a function."""
    import torch
    import torch.nn.functional as F

    def norm(x, p):
        return F.batch_norm(x, state[p + ".running_mean"], state[p + ".running_var"], state[p + ".weight"], state[p + ".bias"])

    def forward(x):
        x = F.relu(norm(F.conv2d(x, state["conv1.weight"], padding=1), "bn1"))
        for layer in (1, 2, 3):
            for block in range(3):
                p, stride = f"layer{layer}.{block}.", 2 if layer > 1 and block == 0 else 1
                y = F.relu(norm(F.conv2d(x, state[p + "conv1.weight"], stride=stride, padding=1), p + "bn1"))
                y = norm(F.conv2d(y, state[p + "conv2.weight"], padding=1), p + "bn2")
                if stride == 2:
                    x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, x.shape[1] // 2, x.shape[1] // 2))
                x = F.relu(x + y)
        return F.linear(x.mean((2, 3)), state["linear.weight"], state["linear.bias"])

    return torch.inference_mode()(forward)


def classify(folder, checkpoint):
    import torch

    torch.set_num_threads(1)
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)["state_dict"]
    network = resnet20({k.removeprefix("module."): v for k, v in state.items()})
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    labels = np.load(folder / "labels.npy")
    print("| corruption | ours, error at severities 1–5 | original | largest gap | agrees |\n|---|---|---|---|---|")
    bad = False
    for name in NAMES:
        if not (folder / f"{name}.npz").exists():
            continue
        sets = np.load(folder / f"{name}.npz")
        errors = {}
        for who in ("ours", "original"):
            errors[who] = []
            for severity in sets[who]:
                wrong = 0
                for images in severity:
                    for i in range(0, len(images), 500):
                        x = (torch.from_numpy(images[i : i + 500]) / 255 - mean) / std
                        wrong += (network(x.permute(0, 3, 1, 2)).argmax(1).numpy() != labels[i : i + 500]).sum()
                errors[who].append(100 * wrong / severity.shape[0] / severity.shape[1])
        gap = max(abs(a - b) for a, b in zip(errors["ours"], errors["original"]))
        bad |= gap > 2.5
        text = {k: " ".join(f"{e:.1f}" for e in v) for k, v in errors.items()}
        print(f"| {name} | {text['ours']} | {text['original']} | {gap:.2f} | {'yes' if gap <= 2.5 else 'NO'} |", flush=True)
    return bad


if __name__ == "__main__":
    if sys.argv[1:2] == ["--classify"]:
        sys.exit(classify(pathlib.Path(sys.argv[2]), sys.argv[3]))
    parser = argparse.ArgumentParser()
    for name in ("robustness", "tool", "data", "folder"):
        parser.add_argument(name)
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--only", nargs="*")
    sys.exit(compare(parser.parse_args()))
