"""Times one training step of a network with the AugMix loss in PyTorch, on a CPU or a GPU.

--model is a network of `augmix bench step`, in the form that is its default
(densenet-reference, resnet18-maxblurpool and resnet50-maxblurpool are others';
PyTorch's MaxBlurPool takes images from 33x33 on).
A batch of --batch-size clean images and their two augmented views lies in
memory already; nothing is read or augmented. Prints one JSON object with the
keys of `augmix bench step --json`. Modes:

  reference      float32, NCHW, unfused SGD, the loss read every step: what
                 google-research/augmix's cifar.py runs
  tuned-bf16     bf16 weights and activations in channels_last, float32
                 BatchNorm, float32 master weights, fused SGD
  tuned-fp32     float32 in channels_last, fused SGD
  tuned-autocast float32 weights, autocast to bf16, channels_last, fused SGD
  compiled-bf16  tuned-bf16 with network and loss under torch.compile (needs g++
                 and Python's headers), --compile-mode says which of its modes
  graphed-bf16   tuned-bf16, the whole step captured in one CUDA graph (GPU only)

In all of them the softmax, the divergence and the cross-entropy are float32. On
a GPU cuDNN chooses its kernels by trying them (cudnn.benchmark), no step of the
tuned modes waits for the GPU, and the clock is read when all of them are done.

With --repeat the process stays: it says {"ready": ...} when it is warm and then
times --steps steps for each line that it reads, so that other programs can be
timed between.
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
MODES = ("reference", "tuned-fp32", "tuned-bf16", "tuned-autocast", "compiled-bf16", "graphed-bf16")
FLOAT32 = ("reference", "tuned-fp32")
CAPTURE_AFTER = 3  # steps before a capture: cuDNN's choice and all that is made lazily


NETWORKS = {
    "wrn": lambda: nets.WideResNet(40, 2),
    "wrn-10-1": lambda: nets.WideResNet(10, 1),
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
    """Fused SGD on float32 masters of the bf16 weights of a network.

    Converts net, which is float32, to bf16 but for its BatchNorms, whose weights
    are their own masters.
    """

    def __init__(self, net):
        self.parameters = list(net.parameters())
        masters = [p.detach().clone() for p in self.parameters]
        half(net)
        self.bf16 = [p for p in self.parameters if p.dtype == torch.bfloat16]
        self.float32 = [p for p in self.parameters if p.dtype == torch.float32]
        self.masters = [m for m, p in zip(masters, self.parameters) if p.dtype == torch.bfloat16]
        self.gradients = [torch.empty_like(m) for m in self.masters]
        self.momenta = [torch.zeros_like(p) for p in self.masters + self.float32]

    def zero(self):
        for p in self.parameters:
            p.grad = None

    @torch.no_grad()
    def step(self):
        torch._foreach_copy_(self.gradients, [p.grad for p in self.bf16])
        torch._fused_sgd_(self.masters + self.float32, self.gradients + [p.grad for p in self.float32], self.momenta,
                          weight_decay=DECAY, momentum=MOMENTUM, lr=RATE, dampening=0, nesterov=True, maximize=False,
                          is_first_step=False)
        torch._foreach_copy_(self.bf16, self.masters)


def half(net):
    """Converts net to bf16, but for its BatchNorms, and returns it."""
    net.bfloat16()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.float()
    return net


def build(model, mode, x, targets, compile_mode=None):
    """Returns (function that computes the loss, optimizer) of the model in the mode.

    x is the batch in float32 NCHW, normalised.
    """
    net = NETWORKS[model]().train().to(x.device)
    if mode == "reference":
        return lambda: nets.augmix_loss(net(x), targets)[-1], Plain(net, fused=False)
    net = net.to(memory_format=torch.channels_last)
    x = x.contiguous(memory_format=torch.channels_last)
    if mode == "tuned-fp32":
        return lambda: nets.augmix_loss(net(x), targets)[-1], Plain(net, fused=True)
    if mode == "tuned-autocast":
        def autocast():
            with torch.autocast(x.device.type, torch.bfloat16):
                logits = net(x)
            return nets.augmix_loss(logits.float(), targets)[-1]
        return autocast, Plain(net, fused=True)
    optimizer = Master(net)
    x = x.bfloat16()

    def objective(images, labels):
        return nets.augmix_loss(net(images).float(), labels)[-1]
    if mode == "compiled-bf16":
        objective = torch.compile(objective, mode=compile_mode)
    return lambda: objective(x, targets), optimizer


class Step:
    """One training step; calling it makes the step and notes its loss in a moving average."""

    def __init__(self, model, mode, x, targets, compile_mode=None):
        self.objective, self.optimizer = build(model, mode, x, targets, compile_mode)
        # The reference reads its loss every step; on a GPU the tuned modes add it up there.
        self.reads = mode == "reference" or x.device.type == "cpu"
        self.average = 0.0 if self.reads else torch.zeros((), device=x.device)
        self.marks = mode == "compiled-bf16" and x.device.type == "cuda"
        self.make = self.capture() if mode == "graphed-bf16" else self.eager

    def __call__(self):
        self.make()

    def eager(self):
        if self.marks:
            torch.compiler.cudagraph_mark_step_begin()
        self.optimizer.zero()
        loss = self.objective()
        loss.backward()
        self.optimizer.step()
        if self.reads:
            self.average = 0.9 * self.average + 0.1 * loss.item()
        else:
            self.average.mul_(0.9).add_(loss.detach(), alpha=0.1)

    def capture(self):
        """Makes a few steps and returns the replay of a graph of one."""
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(CAPTURE_AFTER):
                self.eager()
        torch.cuda.current_stream().wait_stream(side)
        self.optimizer.zero()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.eager()
        return graph.replay


def timed(step, steps, device):
    """Makes the steps. Returns the seconds of all of them, of each, and of the processor for all."""
    cuda = device.type == "cuda"
    mark = (lambda: torch.cuda.Event(enable_timing=True)) if cuda else time.perf_counter
    marks = []
    if cuda:
        torch.cuda.synchronize(device)
    begin, spent = time.perf_counter(), time.process_time()
    for number in range(steps + 1):
        marks.append(mark())
        if cuda:
            marks[-1].record()
        if number < steps:
            step()
    if cuda:
        torch.cuda.synchronize(device)
    total, spent = time.perf_counter() - begin, time.process_time() - spent
    each = [a.elapsed_time(b) / 1e3 if cuda else b - a for a, b in zip(marks, marks[1:])]
    return total, each, spent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", default="tuned-bf16", choices=MODES)
    parser.add_argument("--model", default="wrn", choices=NETWORKS, help="default wrn: WRN-40-2")
    parser.add_argument("--device", default="cpu", help="cpu (the default), cuda or cuda:N")
    parser.add_argument("--size", type=int, default=32, help="side of the images in pixels (default 32)")
    parser.add_argument("--batch-size", type=int, default=32, help="clean images in a step (default 32)")
    parser.add_argument("--steps", type=int, default=10, help="steps that are timed (default 10)")
    parser.add_argument("--warmup", type=int, default=3, help="steps before them (default 3)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="default: all cores")
    parser.add_argument("--compile-mode", choices=("default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs"),
                        help="torch.compile's mode; by default max-autotune-no-cudagraphs on a GPU, default on a CPU")
    parser.add_argument("--repeat", action="store_true", help="measure once for each line of standard input")
    arguments = parser.parse_args()
    if min(arguments.batch_size, arguments.steps, arguments.threads, arguments.size) < 1 or arguments.warmup < 0:
        parser.error("--batch-size, --steps and --threads must be at least 1, --warmup at least 0")
    device = torch.device(arguments.device)
    cuda = device.type == "cuda"
    if device.type not in ("cpu", "cuda"):
        parser.error(f"--device {arguments.device}: cpu, cuda or cuda:N")
    if cuda and not torch.cuda.is_available():
        sys.exit("step: there is no GPU that this torch can use; leave out --device")
    if arguments.mode == "graphed-bf16" and not cuda:
        parser.error("--mode graphed-bf16 needs --device cuda")

    begin = time.perf_counter()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    if cuda:
        torch.cuda.set_device(device)
        torch.backends.cudnn.benchmark = True  # as the reference's cifar.py sets it
    images = torch.rand(VIEWS * arguments.batch_size, 3, arguments.size, arguments.size) * 2 - 1
    targets = torch.arange(arguments.batch_size) % 10
    compile_mode = arguments.compile_mode or ("max-autotune-no-cudagraphs" if cuda else "default")
    step = Step(arguments.model, arguments.mode, images.to(device), targets.to(device), compile_mode)
    timed(step, arguments.warmup, device)
    warm = time.perf_counter() - begin

    def measure():
        total, seconds, spent = timed(step, arguments.steps, device)
        rate = len(seconds) / total
        result = {
            "steps_per_second": rate,
            "images_per_second": rate * arguments.batch_size,
            "median_step_seconds": sorted(seconds)[len(seconds) // 2],
            "cpu_seconds_per_step": spent / len(seconds),
            "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "precision": "fp32" if arguments.mode in FLOAT32 else "bf16",
            "mode": arguments.mode, "model": arguments.model, "size": arguments.size, "batch_size": arguments.batch_size,
            "views": VIEWS, "threads": torch.get_num_threads(), "torch": torch.__version__, "loss": float(step.average),
            "device": str(device), "warmup_seconds": warm,
        }
        if cuda:
            result |= {"device_name": torch.cuda.get_device_name(device),
                       "peak_device_bytes": torch.cuda.max_memory_allocated(device)}
        if arguments.mode == "compiled-bf16":
            result["compile_mode"] = compile_mode
        print(json.dumps(result), flush=True)

    if not arguments.repeat:
        measure()
        return
    print(json.dumps({"ready": True, "warmup_seconds": warm}), flush=True)
    for _ in sys.stdin:
        measure()


if __name__ == "__main__":
    main()
