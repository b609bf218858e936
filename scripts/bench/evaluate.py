"""Times the evaluation of a network in PyTorch, on a CPU or a GPU: the classes of images that lie in memory.

The images are bytes in NHWC, on a GPU in page-locked memory, and travel as
bytes while the batch before them is computed. Scaling, normalisation, network,
softmax and the sums of errors and of negative log-likelihoods are on the
device, which is waited for once, at the end. Prints one JSON object with
images_per_second. --mode is tuned-fp32 or tuned-bf16, both in channels_last;
float32 is float32 unless --tf32 allows convolutions on a GPU to round to TF32.
"""

import argparse
import json
import os
import sys
import time

import torch
import torch.nn.functional as F

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import step  # also puts nets on the path
import nets


def evaluate(net, images, labels, batch_size, device, dtype):
    """Returns the error in percent and the mean negative log-likelihood of net on all images."""
    mean, std = (torch.tensor(v, device=device).view(1, 3, 1, 1) for v in nets.HALF)
    wrong, likelihood = torch.zeros((), device=device), torch.zeros((), device=device)
    with torch.inference_mode():
        for first in range(0, len(images), batch_size):
            x = images[first:first + batch_size].to(device, non_blocking=True)
            y = labels[first:first + batch_size].to(device, non_blocking=True)
            # NHWC bytes seen as NCHW are channels_last.
            x = ((x.permute(0, 3, 1, 2).float() / 255 - mean) / std).to(dtype)
            logits = net(x).float()
            likelihood += F.cross_entropy(logits, y, reduction="sum")
            wrong += (logits.softmax(1).argmax(1) != y).sum()
    return 100 * wrong.item() / len(images), likelihood.item() / len(images)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", default="tuned-fp32", choices=("tuned-fp32", "tuned-bf16"))
    parser.add_argument("--model", default="wrn", choices=step.NETWORKS, help="default wrn: WRN-40-2")
    parser.add_argument("--device", default="cpu", help="cpu (the default), cuda or cuda:N")
    parser.add_argument("--size", type=int, default=32, help="side of the images in pixels (default 32)")
    parser.add_argument("--images", type=int, default=10000, help="default 10000")
    parser.add_argument("--batch-size", type=int, default=1000, help="default 1000, the reference's")
    parser.add_argument("--tf32", action="store_true", help="as PyTorch does by default")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="default: all cores")
    arguments = parser.parse_args()
    if min(arguments.images, arguments.batch_size, arguments.threads, arguments.size) < 1:
        parser.error("--images, --batch-size, --threads and --size must be at least 1")
    device = torch.device(arguments.device)
    cuda = device.type == "cuda"
    if cuda and not torch.cuda.is_available():
        sys.exit("evaluate: there is no GPU that this torch can use; leave out --device")

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = arguments.tf32
    images = torch.randint(0, 256, (arguments.images, arguments.size, arguments.size, 3), dtype=torch.uint8)
    labels = torch.arange(arguments.images) % 10
    if cuda:
        images, labels = images.pin_memory(), labels.pin_memory()
    net = step.NETWORKS[arguments.model]().eval().to(device, memory_format=torch.channels_last)
    dtype = torch.float32
    if arguments.mode == "tuned-bf16":
        net, dtype = step.half(net), torch.bfloat16

    first = min(arguments.images, 2 * arguments.batch_size)
    evaluate(net, images[:first], labels[:first], arguments.batch_size, device, dtype)
    begin = time.perf_counter()
    error, likelihood = evaluate(net, images, labels, arguments.batch_size, device, dtype)
    seconds = time.perf_counter() - begin
    print(json.dumps({
        "images_per_second": arguments.images / seconds, "seconds": seconds, "images": arguments.images, "error": error,
        "nll": likelihood, "precision": "fp32" if dtype == torch.float32 else "bf16", "mode": arguments.mode,
        "model": arguments.model, "size": arguments.size, "batch_size": arguments.batch_size,
        "threads": torch.get_num_threads(), "torch": torch.__version__, "device": str(device),
        "tf32": cuda and arguments.tf32,
    }))


if __name__ == "__main__":
    main()
