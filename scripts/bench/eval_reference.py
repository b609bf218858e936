"""Times the reference's evaluation of CIFAR-10-C: its own test_c, on a CPU.

  eval_reference.py --reference DIR --data DIR --checkpoint FILE --corrupted DIR

DIR of --reference is a checkout of google-research/augmix. Its test_c runs
unmodified, with its data set class, loader with worker processes, batches and
transforms: it reads the ready .npy files of each corruption, five severities in
one. The network is the published ResNet-20 of FILE (the reference has none),
normalised as it was trained. The .cuda() calls return the tensor as it is; torch
gets its threads as it would without this script.

Prints one JSON object: images_per_second, seconds, images, error (percent, mean
over the corruptions) and what was run. Starting the program is not counted.
"""

import argparse
import contextlib
import json
import pathlib
import sys
import time
import warnings

import numpy as np
import torch
from torchvision import datasets, transforms

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "parity"))

import nets  # noqa: E402  pylint: disable=wrong-import-position
import train_cifar  # noqa: E402  pylint: disable=wrong-import-position


def network(checkpoint):
    """The published ResNet-20, where the reference has its own networks."""
    net = nets.ResNet(20)
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)["state_dict"]
    net.load_state_dict({k.removeprefix("module."): v for k, v in state.items()}, strict=True)
    return torch.nn.DataParallel(net).cuda()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", required=True, metavar="DIR", help="checkout of google-research/augmix")
    parser.add_argument("--data", required=True, metavar="DIR", help="folder that holds cifar-10-batches-py")
    parser.add_argument("--checkpoint", required=True, metavar="FILE", help="the published ResNet-20")
    parser.add_argument("--corrupted", required=True, metavar="DIR", help="folder with labels.npy and fifteen corruptions")
    parser.add_argument("--batch-size", type=int, default=1000, help="default 1000, the reference's")
    parser.add_argument("--workers", type=int, default=4, help="worker processes; default 4, the reference's")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="torch's; default: its own choice")
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    warnings.filterwarnings("ignore", message=".*pin_memory.*")
    torch.Tensor.cuda = torch.nn.Module.cuda = lambda self: self
    cifar = train_cifar.load_reference(arguments.reference, [
        "--eval-batch-size", str(arguments.batch_size), "--num-workers", str(arguments.workers)])
    net = network(arguments.checkpoint)
    test_data = datasets.CIFAR10(arguments.data, train=False, transform=transforms.Compose([
        transforms.ToTensor(), transforms.Normalize(*nets.IMAGENET)]))
    images = len(cifar.CORRUPTIONS) * len(np.load(f"{arguments.corrupted}/labels.npy"))
    with contextlib.redirect_stdout(sys.stderr):
        begin = time.perf_counter()
        accuracy = cifar.test_c(net, test_data, f"{arguments.corrupted}/")
        seconds = time.perf_counter() - begin
    print(json.dumps({
        "images_per_second": images / seconds, "seconds": seconds, "images": images, "error": 100 - 100 * float(accuracy),
        "precision": "fp32", "model": "resnet20", "batch_size": arguments.batch_size, "workers": arguments.workers,
        "threads": torch.get_num_threads(), "torch": torch.__version__,
    }))


if __name__ == "__main__":
    main()
