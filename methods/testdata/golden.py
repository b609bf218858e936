"""Writes golden.json: what the methods' published formulas give for fixed draws.

    python golden.py          made with Python 3.11, PyTorch 2.11.0, NumPy 2.4.6

Images are seeded by inputs.py of package pixel, small enough for all values to be written down, in the order NHWC.
"""

import json
import math
import pathlib
import platform
import sys

import numpy
import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "pixel" / "testdata"))
import inputs  # noqa: E402

torch.set_num_threads(1)
MEAN, STD = (0.5, 0.25, 0.75), (0.2, 0.3, 0.4)
LOGITS = [[0.5, -1.0, 2.0, 0.1], [1.5, 0.3, -0.7, 0.0], [-0.2, 0.8, 0.4, 1.1], [0.0, -0.5, 0.9, -1.3], [2.2, 0.6, 0.1, -0.4]]
LABELS = [2, 0, 3, 1, 0]
ORDER = [3, 0, 4, 2, 1]
W, H = 7, 5


def image(seed):
    """A [3, H, W] tensor of pixels in [0, 1]."""
    pixels = numpy.asarray(inputs.make("noise", W, H, 3, seed), dtype=numpy.float32) / numpy.float32(255)
    return torch.from_numpy(pixels).permute(2, 0, 1)


def batch():
    return torch.stack([image(seed) for seed in range(5)])


def flat(x):
    return [float(f"{v:.9g}") for v in x.permute(*range(x.dim() - 3), -2, -1, -3).flatten()]


def normalize(x, sign=1):
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (MEAN, STD))
    return (x - mean) / std if sign > 0 else x * std + mean


def cutout(length, x, y):
    """Zero a square of the normalised image, then go back to pixels."""
    mask = numpy.ones((H, W), numpy.float32)
    top, bottom = numpy.clip(y - length // 2, 0, H), numpy.clip(y + length // 2, 0, H)
    left, right = numpy.clip(x - length // 2, 0, W), numpy.clip(x + length // 2, 0, W)
    mask[top:bottom, left:right] = 0
    out = normalize(image(0)) * torch.from_numpy(mask)
    return {"length": length, "x": x, "y": y, "pixels": flat(normalize(out, -1))}


def losses(share):
    logits, labels = torch.tensor(LOGITS), torch.tensor(LABELS)
    others = labels[torch.tensor(ORDER)]
    loss = share * F.cross_entropy(logits, labels) + (1 - share) * F.cross_entropy(logits, others)
    predicted = logits.argmax(1)
    wrong = share * (predicted != labels).sum() + (1 - share) * (predicted != others).sum()
    return {"loss": float(loss), "wrong": float(wrong)}


def mixup(share):
    x = batch()
    return {"share": share, "pixels": flat(share * x + (1 - share) * x[torch.tensor(ORDER)]), **losses(share)}


def cutmix(share, x, y):
    images = batch()
    height, width = int(H * math.sqrt(1 - share)), int(W * math.sqrt(1 - share))
    y1, y2 = (int(numpy.clip(v, 0, H)) for v in (y - height // 2, y + height // 2))
    x1, x2 = (int(numpy.clip(v, 0, W)) for v in (x - width // 2, x + width // 2))
    mixed = images.clone()
    mixed[:, :, y1:y2, x1:x2] = images[torch.tensor(ORDER)][:, :, y1:y2, x1:x2]
    kept = 1 - (x2 - x1) * (y2 - y1) / (W * H)
    return {"share": share, "x": x, "y": y, "kept": kept, "pixels": flat(mixed), **losses(kept)}


def patch(side, x, y):
    """Add given noise inside a square of the image, row by row, and clip."""
    out = image(0).double()
    top, left = y - side // 2, x - side // 2
    rows, columns = slice(max(top, 0), top + side), slice(max(left, 0), left + side)
    area = out[:, rows, columns]
    count = area.numel()
    noise = [math.sin(i + 1) for i in range(count)]
    added = torch.tensor(noise, dtype=torch.float64).view(*area.shape[1:], 3).permute(2, 0, 1)
    out[:, rows, columns] = (area + added).clamp(0, 1)
    return {"side": side, "x": x, "y": y, "noise": noise, "pixels": flat(out)}


def attack(epsilon, step, steps):
    """Projected gradient descent on a linear classifier, from a given start, by min and max around the clean image."""
    weight = torch.tensor([[math.cos(1 + 7 * k + 3 * i) for i in range(3 * H * W)] for k in range(4)], dtype=torch.float64)
    clean, labels = batch().double(), torch.tensor(LABELS)
    start = torch.tensor([math.sin(2 + 5 * i) for i in range(clean.numel())], dtype=torch.float64)
    x = clean + epsilon * start.view(clean.shape[0], H, W, 3).permute(0, 3, 1, 2)
    for _ in range(steps):
        x = x.detach().requires_grad_()
        loss = F.cross_entropy(x.permute(0, 2, 3, 1).flatten(1) @ weight.T, labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, x)
        x = x + step * gradient.sign()
        x = torch.min(torch.max(x, clean - epsilon), clean + epsilon).clamp(0, 1)
    return {"epsilon": epsilon, "step": step, "steps": steps, "pixels": flat(x.detach())}


def main():
    versions = f"Python {platform.python_version()}, PyTorch {torch.__version__}, NumPy {numpy.__version__}"
    golden = {
        "made_with": versions,
        "cutout": [cutout(*c) for c in [(4, 3, 2), (4, 0, 0), (5, 6, 4), (2, 5, 0), (20, 3, 3), (1, 2, 2)]],
        "mixup": [mixup(share) for share in (0.0, 0.3, 0.7182818, 1.0)],
        "cutmix": [cutmix(*c) for c in [(0.0, 3, 2), (0.3, 0, 4), (0.6, 6, 2), (0.9, 3, 3), (1.0, 3, 3)]],
        "patch": [patch(*c) for c in [(1, 0, 0), (3, 3, 2), (4, 6, 4), (5, 0, 2), (12, 3, 3)]],
        "attack": [attack(*c) for c in [(8 / 255, 2 / 255, 10), (0.1, 0.04, 4), (0.5, 0.3, 3), (8 / 255, 2 / 255, 1)]],
    }
    lines = ",\n".join(
        f' "{k}": {json.dumps(v)}' if isinstance(v, str)
        else f' "{k}": [\n' + ",\n".join("  " + json.dumps(c) for c in v) + "\n ]"
        for k, v in golden.items())
    pathlib.Path(__file__).with_name("golden.json").write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
