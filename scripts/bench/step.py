"""Times one training step of a network with the AugMix loss in PyTorch.

--model is a network of `augmix bench step`, in the form that is its default
(densenet-reference, resnet18-maxblurpool and resnet50-maxblurpool are others';
PyTorch's MaxBlurPool takes images from 33x33 on).
A batch of --batch-size clean images and their two augmented views lies in
memory already; nothing is read or augmented. Prints one JSON object with the
keys of `augmix bench step --json`. Modes:

  reference      float32, NCHW, unfused SGD: what google-research/augmix's
                 cifar.py runs
  tuned-bf16     bf16 weights and activations in channels_last, float32
                 BatchNorm, float32 master weights, fused SGD
  tuned-fp32     float32 in channels_last, fused SGD
  tuned-autocast float32 weights, autocast to bf16, channels_last, fused SGD
  compiled-bf16  tuned-bf16 under torch.compile (needs g++ and Python's headers)

In all of them the softmax, the divergence and the cross-entropy are float32.
"""

import argparse
import json
import os
import resource
import sys
import time

import torch
from torch import nn

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "parity"))
import nets

MOMENTUM, DECAY, RATE = 0.9, 5e-4, 0.1
VIEWS = 3


NETWORKS = {
    "wrn": lambda: nets.WideResNet(40, 2),
    "allconv": nets.AllConv,
    "densenet": nets.DenseNet,
    "densenet-reference": lambda: nets.DenseNet("reference"),
    "resnext": nets.ResNeXt,
    "resnet20": lambda: nets.ResNet(20),
    "resnet18": lambda: nets.vision_resnet(18),
    "resnet50": lambda: nets.vision_resnet(50),
    "resnet18-maxblurpool": lambda: nets.vision_resnet(18, "maxblurpool"),
    "resnet50-maxblurpool": lambda: nets.vision_resnet(50, "maxblurpool"),
}


class Plain:
    """torch.optim.SGD on a float32 network."""

    def __init__(self, net, fused):
        self.sgd = torch.optim.SGD(net.parameters(), RATE, momentum=MOMENTUM, weight_decay=DECAY,
                                   nesterov=True, fused=fused)
        self.step, self.zero = self.sgd.step, self.sgd.zero_grad


class Master:
    """Fused SGD on float32 masters of a network whose weights are bf16.

    net must still be float32 when this is made and may be converted after.
    """

    def __init__(self, net):
        self.net = net
        self.masters = [p.detach().clone() for p in net.parameters()]
        self.momenta = [torch.zeros_like(p) for p in self.masters]

    def zero(self):
        for p in self.net.parameters():
            p.grad = None

    @torch.no_grad()
    def step(self):
        parameters = list(self.net.parameters())
        gradients = [p.grad.float() for p in parameters]
        torch._fused_sgd_(self.masters, gradients, self.momenta, weight_decay=DECAY, momentum=MOMENTUM, lr=RATE,
                          dampening=0, nesterov=True, maximize=False, is_first_step=False)
        torch._foreach_copy_(parameters, self.masters)


def build(model, mode, x):
    """Returns (forward function, optimizer, batch) of the model in the mode.

    x is the batch in float32 NCHW, normalised.
    """
    net = NETWORKS[model]().train()
    if mode == "reference":
        return net, Plain(net, fused=False), x
    net = net.to(memory_format=torch.channels_last)
    x = x.contiguous(memory_format=torch.channels_last)
    if mode == "tuned-fp32":
        return net, Plain(net, fused=True), x
    if mode == "tuned-autocast":
        def forward(images):
            with torch.autocast("cpu", torch.bfloat16):
                return net(images)
        return forward, Plain(net, fused=True), x
    optimizer = Master(net)
    net = net.bfloat16()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.float()
    forward = torch.compile(net) if mode == "compiled-bf16" else net
    return forward, optimizer, x.bfloat16()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", default="tuned-bf16",
                        choices=("reference", "tuned-fp32", "tuned-bf16", "tuned-autocast", "compiled-bf16"))
    parser.add_argument("--model", default="wrn", choices=NETWORKS, help="default wrn: WRN-40-2")
    parser.add_argument("--size", type=int, default=32, help="side of the images in pixels (default 32)")
    parser.add_argument("--batch-size", type=int, default=32, help="clean images in a step (default 32)")
    parser.add_argument("--steps", type=int, default=10, help="steps that are timed (default 10)")
    parser.add_argument("--warmup", type=int, default=3, help="steps before them (default 3)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="default: all cores")
    arguments = parser.parse_args()
    if min(arguments.batch_size, arguments.steps, arguments.threads, arguments.size) < 1 or arguments.warmup < 0:
        parser.error("--batch-size, --steps and --threads must be at least 1, --warmup at least 0")

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    images = torch.rand(VIEWS * arguments.batch_size, 3, arguments.size, arguments.size) * 2 - 1
    targets = torch.arange(arguments.batch_size) % 10
    forward, optimizer, x = build(arguments.model, arguments.mode, images)

    average, seconds, processor = 0.0, [], []
    for _ in range(arguments.warmup + arguments.steps):
        begin, spent = time.perf_counter(), time.process_time()
        optimizer.zero()
        *_, loss = nets.augmix_loss(forward(x).float(), targets)
        loss.backward()
        optimizer.step()
        # The reference reads its loss every step, too.
        average = 0.9 * average + 0.1 * loss.item()
        seconds.append(time.perf_counter() - begin)
        processor.append(time.process_time() - spent)
    seconds = seconds[arguments.warmup:]
    rate = len(seconds) / sum(seconds)
    print(json.dumps({
        "steps_per_second": rate,
        "images_per_second": rate * arguments.batch_size,
        "median_step_seconds": sorted(seconds)[len(seconds) // 2],
        "cpu_seconds_per_step": sum(processor[arguments.warmup:]) / len(seconds),
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "precision": "fp32" if arguments.mode in ("reference", "tuned-fp32") else "bf16",
        "mode": arguments.mode, "model": arguments.model, "size": arguments.size, "batch_size": arguments.batch_size, "views": VIEWS,
        "threads": torch.get_num_threads(), "torch": torch.__version__, "loss": average,
    }))


if __name__ == "__main__":
    main()
