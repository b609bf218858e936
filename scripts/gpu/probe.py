"""Prints one JSON object about the GPU that torch uses: its name, its memory's peak bandwidth as the driver tells it, and
what a large copy and a large bf16 matrix product reach. With --device cpu only the versions.
"""

import argparse
import json
import platform
import statistics

import torch

import roofline


def median_seconds(work, runs=10, warmup=3):
    """Returns the median time of work on the GPU."""
    seconds = []
    for number in range(warmup + runs):
        begin, done = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        work()
        done.record()
        torch.cuda.synchronize()
        if number >= warmup:
            seconds.append(begin.elapsed_time(done) / 1e3)
    return statistics.median(seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda")
    device = torch.device(parser.parse_args().device)
    found = {"torch": torch.__version__, "python": platform.python_version(), "system": platform.platform(),
             "gpu": torch.cuda.is_available(), "threads": torch.get_num_threads()}
    if device.type == "cuda" and found["gpu"]:
        torch.cuda.set_device(device)
        properties = torch.cuda.get_device_properties(device)
        size = min(4 << 30, properties.total_memory // 8)
        source = torch.empty(size, dtype=torch.uint8, device=device).random_()
        target = torch.empty_like(source)
        copied = 2 * size / median_seconds(lambda: target.copy_(source))
        del source, target
        a, b = (torch.randn(8192, 8192, device=device, dtype=torch.bfloat16) for _ in range(2))
        found |= {
            "name": properties.name, "count": torch.cuda.device_count(), "capability": [properties.major, properties.minor],
            "memory_bytes": properties.total_memory, "cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version(),
            "peak_bandwidth": roofline.peak_bandwidth(properties.memory_clock_rate, properties.memory_bus_width),
            "copy_bandwidth": copied, "matmul_flops": 2 * 8192**3 / median_seconds(lambda: a @ b),
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
