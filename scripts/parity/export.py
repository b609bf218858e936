"""Compares `augmix export` with PyTorch and safetensors for Python, bit for bit.

  export.py --augmix PROGRAM [--data DIR] FOLDER

PyTorch and safetensors write checkpoints into FOLDER, `augmix export` converts
them, and both read what it wrote: torch.load with weights_only=True, with and
without mmap, and safetensors. Names, their order, types, shapes and every bit
must be those of the tensors that were written.

Networks are those of wrn.py. Each is written as a plain state dict, as the
AugMix reference and RobustBench name theirs, in float32, bfloat16 and half, in
both of PyTorch's containers and as safetensors; the exported file must load
with strict=True into its PyTorch source. Other state dicts, and the published
checkpoints below DIR, are converted with their own names.
"""

import argparse
import collections
import itertools
import json
import os
import subprocess
import sys

import torch
from safetensors.torch import load_file, save_file

import wrn

BATCHES = 7
TYPES = (torch.float32, torch.bfloat16, torch.float16)


class Comparison:
    """Counts files and what differs in them."""

    def __init__(self, augmix, folder):
        self.augmix, self.folder = augmix, folder
        self.files = self.tensors = self.differ = 0

    def path(self, name):
        """Returns a path in the folder where nothing is."""
        path = os.path.join(self.folder, name)
        if os.path.exists(path):
            os.remove(path)
        return path

    def fail(self, what):
        print("export:", what, file=sys.stderr)
        self.differ += 1

    def export(self, source, name, *flags):
        """Converts a file and returns what it became."""
        target = self.path(name)
        done = subprocess.run([self.augmix, "export", source, "--out", target, "--quiet", *flags],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"export: {source} to {name}: {done.stderr}")
        return target

    def same(self, path, want):
        """Compares what Python reads in a file with what was written."""
        if path.endswith(".safetensors"):
            # load_file gives the order of the data, which is not the header's.
            readings = [load_file(path)]
        else:
            readings = [torch.load(path, weights_only=True, mmap=mmap) for mmap in (False, True)]
            for got in readings:
                if list(got) != list(want):
                    self.fail(f"{path}: the keys are {list(got)}, not {list(want)}")
        for got in readings:
            if set(got) != set(want):
                self.fail(f"{path}: the keys are {sorted(got)}, not {sorted(want)}")
            for name in set(got) & set(want):
                self.tensors += 1
                if not identical(got[name], want[name]):
                    self.fail(f"{path}: {name} differs")
        self.files += 1
        return readings[0]


def identical(a, b):
    """Tells whether two tensors have the same type, shape and bits."""
    def bits(t):
        t = t.detach().contiguous()
        return t.reshape(-1).view(torch.uint8) if t.numel() else t.new_empty(0, dtype=torch.uint8)
    return a.dtype == b.dtype and a.shape == b.shape and torch.equal(bits(a), bits(b))


def write(state, path, container):
    """Writes a state dict in one of the three containers."""
    if container == "safetensors":
        save_file({name: t.clone(memory_format=torch.contiguous_format) for name, t in state.items()}, path)
        return path
    torch.save(state, path, _use_new_zipfile_serialization=container == "zip")
    return path


def renamed(state, rename):
    return collections.OrderedDict((rename(name), t) for name, t in state.items())


def compare_network(c, network):
    """Sends a network's weights through every container and naming."""
    model, arguments, normalize = wrn.NETWORKS[network]
    flags = ["--model", model]
    for name, value in arguments.items():
        flags += ["--" + name.replace("_", "-"), str(value)]
    net = wrn.build(network)
    for name, value in net.named_buffers():
        if name.endswith("num_batches_tracked"):
            value.fill_(BATCHES)
    for dtype in TYPES:
        state = collections.OrderedDict(net.to(dtype).state_dict())
        reference = {"epoch": 3, "model": model, "best_acc": 0.5, "state_dict": renamed(state, lambda s: "module." + s)}
        robust = renamed(state, lambda s: "model." + s.replace("conv_shortcut", "convShortcut"))
        sources = [(container, state, container) for container in ("zip", "legacy", "safetensors")]
        sources += [("reference", reference, "legacy"), ("robustbench", robust, "zip")]
        for name, value, container in sources if dtype == torch.float32 else sources[:1]:
            source = write(value, c.path(f"source.{name}"), container)
            for suffix in ("pt", "safetensors"):
                target = c.export(source, f"{network}.{name}.{suffix}", *flags)
                got = c.same(target, state)
                fresh = wrn.build(network).to(dtype)
                fresh.load_state_dict(got, strict=True)
                for again in ("pt", "safetensors") if name == "zip" and dtype == torch.float32 else ():
                    c.same(c.export(target, f"{network}.again.{again}", *flags), state)

    want = collections.OrderedDict((name, torch.tensor(values).view(1, 3, 1, 1)) for name, values in zip(("mu", "sigma"), normalize))
    want.update(renamed(state, lambda s: s.replace("conv_shortcut", "convShortcut")))
    source = write(state, c.path("source.zip"), "zip")
    for suffix in ("pt", "safetensors"):
        target = c.export(source, f"{network}.robustbench.{suffix}", "--names", "robustbench", *flags)
        c.same(target, want)
        c.same(c.export(target, f"{network}.back.pt", *flags), state)


def compare_tensors(c):
    """Converts tensors of every type and layout with their own names."""
    base = torch.randn(24, generator=torch.Generator().manual_seed(1))
    views = {
        "whole": base, "head": base[:5], "matrix": base.view(2, 3, 4), "transposed": base.view(4, 6).t(),
        "strided": base.view(2, 3, 4)[:, 1:, ::2], "scalar": base[7], "empty": base[:0], "empty axis": base.view(2, 3, 4)[:, :0],
        "channels_last": torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last), "tied": base,
        "expanded": torch.tensor([1.5, -2.5]).expand(3, 2), "special": torch.tensor([float("nan"), float("inf"), -0.0, 1e-45]),
    }
    types = (torch.float64, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool, torch.uint16, torch.uint32,
             torch.uint64, torch.complex64, torch.float8_e4m3fn, torch.float8_e5m2, *TYPES)
    values = torch.tensor([0, 1, 2, 100])
    for state in ({f"module.{name}": t for name, t in views.items()}, {str(t): values.to(t) for t in types}):
        for container in ("zip", "legacy", "safetensors"):
            if container == "legacy" and "torch.uint16" in state:
                continue  # PyTorch writes such a file and cannot read it.
            source = write(state, c.path("source." + container), container)
            # safetensors for Python sorts by type and name.
            want = state if container != "safetensors" else {name: state[name] for name in header(source)}
            for first, second in itertools.product(("pt", "safetensors"), repeat=2):
                target = c.export(source, "tensors." + first)
                c.same(target, want)
                c.same(c.export(target, "tensors.again." + second), want)


def header(path):
    """Returns the names in a safetensors file in its order."""
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        return [name for name in json.loads(file.read(size)) if name != "__metadata__"]


def compare_published(c, folder):
    """Converts the published checkpoints, legacy files with their location on a GPU."""
    for name in sorted(os.listdir(folder)):
        source = os.path.join(folder, name)
        state = torch.load(source, map_location="cpu", weights_only=True)["state_dict"]
        for suffix in ("pt", "safetensors"):
            c.same(c.export(source, f"published.{suffix}"), state)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--augmix", required=True, metavar="PROGRAM")
    parser.add_argument("--data", metavar="DIR", help="folder that holds checkpoints/*.th")
    parser.add_argument("folder", metavar="FOLDER")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    os.makedirs(arguments.folder, exist_ok=True)
    failed = 0

    def report(what, compare, *given):
        nonlocal failed
        c = Comparison(os.path.abspath(arguments.augmix), os.path.abspath(arguments.folder))
        compare(c, *given)
        print(f"parity: {what}, {c.files} exported files, {c.tensors} tensors read by Python: what differs | {c.differ} | 0")
        failed += c.differ

    for network in wrn.NETWORKS:
        report(f"state dict of {network}", compare_network, network)
    report("tensors of all types, views, shared storages", compare_tensors)
    published = os.path.join(arguments.data or "", "checkpoints")
    if os.path.isdir(published):
        report("published CIFAR ResNets", compare_published, published)
    else:
        print(f"export: no row for the published networks: there is no {published}", file=sys.stderr)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
