"""Times the sum of gradients over processes: torch.distributed's all_reduce, which is the c10d that augmix links.

Starts --processes processes on this machine, with --backend gloo on its CPUs, with nccl one on each GPU. Each sums a
float32 tensor of --bytes bytes in place, --runs times after a few that do not count. Prints one JSON object with the
median and the range of the slowest process's times, and the bandwidth that nccl-tests calls busbw: 2 (n-1)/n times the
bytes over the time.
"""

import argparse
import json
import os
import statistics
import tempfile
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

WARMUP = 5


def work(rank, arguments, store, answers):
    cuda = arguments.backend == "nccl"
    device = torch.device("cuda", rank) if cuda else torch.device("cpu")
    if cuda:
        torch.cuda.set_device(device)
    torch.set_num_threads(1)
    dist.init_process_group(arguments.backend, init_method=f"file://{store}", rank=rank, world_size=arguments.processes)
    tensor = torch.zeros(arguments.bytes // 4, device=device)
    seconds = []
    for _ in range(WARMUP + arguments.runs):
        dist.barrier()
        begin = time.perf_counter()
        dist.all_reduce(tensor)
        if cuda:
            torch.cuda.synchronize()
        slowest = torch.tensor([time.perf_counter() - begin], dtype=torch.float64, device=device)
        dist.all_reduce(slowest, op=dist.ReduceOp.MAX)
        seconds.append(slowest.item())
    if rank == 0:
        answers.put(seconds[WARMUP:])
    dist.destroy_process_group()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", choices=("gloo", "nccl"), default="gloo")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--bytes", type=int, default=4 * 2_243_546, help="default: WRN-40-2's gradients in float32")
    parser.add_argument("--runs", type=int, default=20)
    arguments = parser.parse_args()
    if min(arguments.processes, arguments.runs) < 1 or arguments.bytes < 4:
        parser.error("--processes and --runs must be at least 1, --bytes at least 4")
    with tempfile.TemporaryDirectory() as folder:
        context = mp.get_context("spawn")
        answers = context.SimpleQueue()
        mp.start_processes(work, (arguments, os.path.join(folder, "store"), answers), arguments.processes, start_method="spawn")
        seconds = answers.get()
    n, median = arguments.processes, statistics.median(seconds)
    print(json.dumps({"backend": arguments.backend, "processes": n, "bytes": arguments.bytes, "seconds": median, "least": min(seconds),
                      "greatest": max(seconds), "busbw": 2 * (n - 1) / n * arguments.bytes / median}))


if __name__ == "__main__":
    main()
