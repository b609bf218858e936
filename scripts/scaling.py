#!/usr/bin/env python3
"""Prints what 1, 8 and 64 GPUs should do, from the parts: docs/scaling.md explains the model.

  scripts/scaling.py [--results FILE]      FILE: results.json of `gpu-check run`, whose measured steps replace the derived ones

Each of step, sum of the gradients and data is one number a rank; nothing overlaps, so that the figures are the least that
is to be expected of the model, and stragglers are not in it.
"""

import argparse
import json
import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "gpu"))
import roofline  # noqa: E402

# Derived: a step takes its roofline over 0.58 to 0.9, the shares of it that published trainers reach (PyTorch on an A100:
# 2,470 images/s of ResNet-50; MLPerf 3.1 on an A100: 3,181), and a gap of 1 to 1.3 µs after each kernel of a graph.
SHARES, GAPS = (0.9, 0.58), (1.0e-6, 1.3e-6)

RING = 370e9     # quoted: bytes a second, bus bandwidth of NCCL's ring on 8 H100 (nccl-tests, issue 212)
NETWORK = 50e9   # 400 Gb/s a network card
CARD = 0.9       # assumed: what is left of it for payload
LATENCY = 20e-6  # assumed: of one sum on one node; and of each doubling of the nodes

IMAGENET, CIFAR = 1_281_167, 50_000


class Case:
    """A training: its roofline, batch a rank, length, and how many samples (all views) a core makes in a second."""

    def __init__(self, title, network, batch, images, epochs, samples):
        self.title, self.roof, self.network = title, roofline.ROOFS[network], network
        self.batch, self.images, self.epochs, self.samples = batch, images, epochs, samples


def step_seconds(case, batch, measured):
    """Returns (least, most) of a step of so many images a rank, without the sum.

    measured is a time at the roofline's own batch, or None; smaller batches scale it in proportion down to the gaps.
    """
    gaps = [case.roof.kernels * gap for gap in GAPS]
    if measured:
        share = batch / measured["batch"]
        return tuple(max(share * measured["seconds"], gap) for gap in gaps)
    derived = case.roof.milliseconds(batch, case.roof.size) / 1e3
    return tuple(derived / share + gap for share, gap in zip(SHARES, gaps))


def sum_seconds(size, ranks, cards, per_node=8):
    """Returns the time of a ring's sum of so many bytes over the ranks, where a node has so many network cards."""
    if ranks == 1:
        return 0.0
    nodes = -(-ranks // per_node)
    bandwidth = RING if nodes == 1 else min(RING, cards * NETWORK * CARD)
    return 2 * (ranks - 1) / ranks * size / bandwidth + LATENCY * (1 + (nodes - 1).bit_length())


def row(case, ranks, batch, cards, measured):
    """Returns the table's cells of one training on so many ranks."""
    steps = [s + sum_seconds(case.roof.gradient_bytes(), ranks, cards) for s in step_seconds(case, batch, measured)]
    alone = step_seconds(case, batch, measured)
    rates = [ranks * batch / s for s in steps]
    minutes = [case.epochs * -(-case.images // (ranks * batch)) * s / 60 for s in steps]
    return [case.title, str(ranks), str(batch), str(ranks * batch), between([1e3 * s for s in alone]),
            f"{1e3 * sum_seconds(case.roof.gradient_bytes(), ranks, cards):.2f}",
            between([100 * a / s for a, s in zip(alone, steps)], 0), between(rates[::-1], 0),
            between(minutes) + " min" if minutes[1] < 120 else between([m / 60 for m in minutes]) + " h",
            between([r / ranks / case.samples for r in rates[::-1]], 1)]


def between(values, digits=2):
    """Writes one number, or the least and the greatest of two that differ."""
    low, high = (f"{v:,.{digits}f}" for v in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def from_results(path):
    """Returns the measured steps of gpu-check's results by the network's name in roofline.ROOFS."""
    results = json.loads(path.read_text())
    names = {"WRN-40-2": "wrn", "ResNet-50": "resnet50"}
    out = {}
    for race in [results.get("first", {}), *results.get("networks", {}).values()]:
        seconds = race.get("rows", {}).get("augmix", {}).get("seconds")
        if race.get("network") in names and seconds:
            out[names[race["network"]]] = {"batch": race["batch"], "seconds": statistics.median(seconds)}
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=pathlib.Path, metavar="FILE", help="results.json of gpu-check run")
    parser.add_argument("--cifar-samples", type=float, default=49_000, metavar="N",
                        help="CIFAR images a second that a core flips, crops and makes two AugMix views of")
    parser.add_argument("--imagenet-samples", type=float, default=490, metavar="N", help="the same of photographs, decoding included")
    arguments = parser.parse_args()
    measured = from_results(arguments.results) if arguments.results else {}
    cifar = Case("WRN-40-2, CIFAR-10, 100 epochs", "wrn", 128, CIFAR, 100, arguments.cifar_samples)
    imagenet = Case("ResNet-50, ImageNet, 90 epochs", "resnet50", 256, IMAGENET, 90, arguments.imagenet_samples)
    for name, source in {cifar.network: measured.get("wrn"), imagenet.network: measured.get("resnet50")}.items():
        print(f"{name}: {'step measured by gpu-check' if source else 'step derived from the roofline'}", file=sys.stderr)
    print("| training | GPUs | images a rank | a step | step, ms | sum, ms | of ideal, % | images/s | whole training | cores a GPU |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for case, ranks, batch, cards, note in (
            (cifar, 1, 128, 8, ""), (cifar, 8, 128, 8, ""), (cifar, 8, 16, 8, ", batch kept"), (cifar, 64, 128, 8, ""), (cifar, 64, 2, 8, ", batch kept"),
            (imagenet, 1, 256, 8, ""), (imagenet, 8, 256, 8, ""), (imagenet, 64, 256, 8, ""), (imagenet, 64, 256, 1, ", one card a node")):
        cells = row(case, ranks, batch, cards, measured.get(case.network))
        print(f"| {cells[0]}{note} | " + " | ".join(cells[1:]) + " |")


if __name__ == "__main__":
    main()
