"""Writes losses.json: the losses of AugMix and of smoothed labels for fixed logits, and their gradients.

    python losses.py          made with Python 3.11, PyTorch 2.11.0

The consistency loss is google-research/augmix's (cifar.py, train) for any number of views, smoothed labels are
torch.nn.functional.cross_entropy's.
"""

import json
import math
import pathlib
import platform

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
N, K = 3, 5
LABELS, OTHERS = [4, 0, 2], [1, 0, 3]


def logits(views):
    return torch.tensor([[3 * math.sin(1 + 7 * row + 3 * k) for k in range(K)] for row in range(views * N)], dtype=torch.float64,
                        requires_grad=True)


def entry(loss, x, **settings):
    loss.backward()
    return {**settings, "loss": loss.item(), "gradient": [float(f"{v:.9g}") for v in x.grad.flatten()]}


def augmix(views, ce_all, smoothing, weight):
    x = logits(views)
    parts, labels = x.split(N), torch.tensor(LABELS)
    counted = parts if ce_all else parts[:1]
    loss = sum(F.cross_entropy(p, labels, label_smoothing=smoothing) for p in counted) / len(counted)
    p = [F.softmax(v, dim=1) for v in parts]
    mixture = torch.clamp(sum(p) / views, 1e-7, 1).log()
    loss = loss + weight * sum(F.kl_div(mixture, v, reduction="batchmean") for v in p) / views
    return entry(loss, x, views=views, ce_all=ce_all, smoothing=smoothing, weight=weight)


def mixed(share, smoothing):
    x = logits(1)
    loss = share * F.cross_entropy(x, torch.tensor(LABELS), label_smoothing=smoothing)
    loss = loss + (1 - share) * F.cross_entropy(x, torch.tensor(OTHERS), label_smoothing=smoothing)
    return entry(loss, x, share=share, smoothing=smoothing)


def main():
    golden = {
        "made_with": f"Python {platform.python_version()}, PyTorch {torch.__version__}",
        "augmix": [augmix(*c) for c in [(3, False, 0.0, 12), (3, True, 0.0, 12), (3, False, 0.1, 12), (2, True, 0.1, 6),
                                        (4, False, 0.0, 12), (5, True, 0.3, 0.5)]],
        "mixed": [mixed(*c) for c in [(1.0, 0.1), (0.3, 0.0), (0.3, 0.1), (0.6, 0.9)]],
    }
    lines = ",\n".join(
        f' "{k}": {json.dumps(v)}' if isinstance(v, str)
        else f' "{k}": [\n' + ",\n".join("  " + json.dumps(c) for c in v) + "\n ]"
        for k, v in golden.items())
    pathlib.Path(__file__).with_name("losses.json").write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
