"""Trains with the reference program itself, on a CPU, and prints its error.

  train_cifar.py --reference DIR --data DIR --seed 1

DIR of --reference is a checkout of google-research/augmix. Its cifar.py runs
unmodified: its augmentations, data set, loader with worker processes, network,
loss, schedule and loops. What it needs and this machine lacks is given to it
from outside:

  * its .cuda() calls, which fail without a GPU, return the tensor or module as
    it is; its DataParallel passes straight through where there is no GPU;
  * torchvision's CIFAR10 reads --data instead of ./data/cifar, does not try to
    download, and keeps the first --limit-train images;
  * main() seeds torch and NumPy with 1: here with --seed, and Python's random,
    which torchvision's transforms do not use, stays as it is;
  * the evaluation of CIFAR-10-C at the end, whose files are not here, is left
    out.

Prints one JSON object: clean_error (percent, after the last epoch),
epoch_seconds (training of each epoch, evaluation not counted),
evaluation_seconds, train_loss (the reference's running mean) and what was run.
"""

import argparse
import contextlib
import importlib.util
import json
import os
import sys
import tempfile
import time
import warnings

import numpy as np
import torch
import torchvision


def load_reference(folder, flags):
    """Returns the reference's cifar.py as a module that was given flags."""
    path = os.path.join(folder, "cifar.py")
    if not os.path.exists(path):
        sys.exit(f"train_cifar: --reference: there is no {path}; check out github.com/google-research/augmix there")
    # Its modules import each other by name, and its arguments are read on import.
    sys.path.insert(0, folder)
    sys.argv = ["cifar.py", *flags]
    spec = importlib.util.spec_from_file_location("cifar", path)
    module = importlib.util.module_from_spec(spec)
    # Worker processes that do not fork look the data set's class up by name.
    sys.modules["cifar"] = module
    spec.loader.exec_module(module)
    return module


def supply_machine(arguments):
    """Replaces what the reference expects of its machine."""
    torch.Tensor.cuda = torch.nn.Module.cuda = lambda self: self
    manual_seed, seed = torch.manual_seed, np.random.seed
    torch.manual_seed = lambda _: manual_seed(arguments.seed)
    np.random.seed = lambda _: seed(arguments.seed)
    loader = torchvision.datasets.CIFAR10

    def cifar10(root, train, transform, download):
        del root, download
        found = loader(arguments.data, train=train, transform=transform, download=False)
        if train:
            found.data = found.data[:arguments.limit_train]
            found.targets = found.targets[:arguments.limit_train]
        return found

    torchvision.datasets.CIFAR10 = cifar10


def observe(cifar):
    """Makes the reference's loops note what they return and take."""
    notes = {"epoch_seconds": [], "evaluation_seconds": [], "train_loss": [], "clean_error": []}
    train, test = cifar.train, cifar.test

    def timed_train(*given):
        begin = time.perf_counter()
        loss = train(*given)
        notes["epoch_seconds"].append(time.perf_counter() - begin)
        notes["train_loss"].append(loss)
        return loss

    def timed_test(*given):
        begin = time.perf_counter()
        loss, accuracy = test(*given)
        notes["evaluation_seconds"].append(time.perf_counter() - begin)
        notes["clean_error"].append(100 - 100 * accuracy)
        return loss, accuracy

    cifar.train, cifar.test = timed_train, timed_test
    cifar.test_c = lambda *_: float("nan")
    return notes


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", required=True, metavar="DIR", help="checkout of google-research/augmix")
    parser.add_argument("--data", required=True, metavar="DIR", help="folder that holds cifar-10-batches-py")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--layers", type=int, default=16)
    parser.add_argument("--widen-factor", type=int, default=1)
    parser.add_argument("--limit-train", type=int, default=10000, metavar="N", help="the first N images")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--workers", type=int, default=2, help="the reference's --num-workers")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="torch's threads; default: all cores")
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    # No accelerator to pin memory for, and torch says so at every loader.
    warnings.filterwarnings("ignore", message=".*pin_memory.*")
    supply_machine(arguments)
    with tempfile.TemporaryDirectory() as snapshots, contextlib.redirect_stdout(sys.stderr):
        cifar = load_reference(arguments.reference, [
            "--model", "wrn", "--layers", str(arguments.layers), "--widen-factor", str(arguments.widen_factor),
            "--epochs", str(arguments.epochs), "--batch-size", str(arguments.batch_size),
            "--num-workers", str(arguments.workers), "--save", snapshots])
        notes = observe(cifar)
        cifar.main()

    print(json.dumps({
        "seed": arguments.seed, "clean_error": notes["clean_error"][-1],
        "epoch_seconds": notes["epoch_seconds"], "evaluation_seconds": notes["evaluation_seconds"],
        "train_loss": notes["train_loss"], "clean_error_by_epoch": notes["clean_error"],
        "precision": "fp32", "model": "wrn", "layers": arguments.layers, "widen_factor": arguments.widen_factor,
        "limit_train": arguments.limit_train, "batch_size": arguments.batch_size, "workers": arguments.workers,
        "threads": torch.get_num_threads(), "torch": torch.__version__,
    }))


if __name__ == "__main__":
    main()
