#!/usr/bin/env python3
"""Writes the golden files of package weights with PyTorch and the safetensors package.

    python generate.py [FOLDER OF THE RESNET CHECKPOINTS]

It writes *.pt, *.safetensors, golden.json and pickles.json beside itself. golden.json
has, for each file, the tensors in state-dict order as PyTorch reads them: name, type,
shape and the first 16 hex digits of the SHA-256 of the elements in C order; and the
digest over all of them as the Go function Digest defines it. Of the larger checkpoints
it has the digest alone, which covers the rest but the order. written*.pt come from the
Go program (go test ./weights -run TestWriteTorchGolden -update) and are only read here,
with and without mmap. pickles.json has the SHA-256 of the data.pkl that torch.save
writes for state dicts which the Go test makes too. The committed files are from torch 2.11.0+cu130, numpy 2.4.6 and
safetensors 0.8.0 on Linux x86-64. The checkpoints of akamaster/pytorch_resnet_cifar10
are read when a folder is given; they are not in the repository.
"""
import collections
import hashlib
import io
import json
import pathlib
import struct
import sys
import zipfile

import torch
from safetensors import safe_open
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
NAMES = {
    torch.float32: "F32", torch.float64: "F64", torch.float16: "F16", torch.bfloat16: "BF16",
    torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8",
    torch.uint8: "U8", torch.bool: "BOOL", torch.uint16: "U16", torch.uint32: "U32",
    torch.uint64: "U64", torch.complex64: "C64", torch.float8_e4m3fn: "F8_E4M3", torch.float8_e5m2: "F8_E5M2",
}


def tensor_bytes(t):
    t = t.detach().contiguous()
    return t.reshape(-1).view(torch.uint8).numpy().tobytes() if t.numel() else b""


def describe(state):
    tensors = []
    for name, t in state.items():
        if isinstance(t, torch.Tensor):
            data = tensor_bytes(t)
            tensors.append({"name": name, "dtype": NAMES[t.dtype], "shape": list(t.shape),
                            "sha256": hashlib.sha256(data).hexdigest()[:16], "data": data})
    h = hashlib.sha256()
    for t in sorted(tensors, key=lambda t: t["name"].encode()):
        name, dtype = t["name"].encode(), t["dtype"].encode()
        h.update(struct.pack("<Q", len(name)) + name)
        h.update(struct.pack("<Q", len(dtype)) + dtype)
        h.update(struct.pack("<Q", len(t["shape"])) + struct.pack(f"<{len(t['shape'])}Q", *t["shape"]))
        h.update(struct.pack("<Q", len(t["data"])) + t["data"])
    for t in tensors:
        del t["data"]
    return {"digest": h.hexdigest(), "tensors": tensors}


def torch_state(path):
    value = torch.load(path, map_location="cpu", weights_only=True)
    for key in ("state_dict", "model"):
        if isinstance(value.get(key), dict):
            return value[key]
    return value


def network():
    torch.manual_seed(4)
    net = torch.nn.Sequential(collections.OrderedDict(
        conv=torch.nn.Conv2d(3, 4, 3, bias=False), bn=torch.nn.BatchNorm2d(4),
        flat=torch.nn.Flatten(), fc=torch.nn.Linear(16, 5)))
    net.train()(torch.randn(8, 3, 4, 4)).square().sum().backward()
    return net


def with_prefix(state, prefix):
    return collections.OrderedDict((prefix + k, v) for k, v in state.items())


def torch_files():
    net = network()
    state = net.state_dict()
    yield "float32.pt", state
    yield "bfloat16.pt", network().to(torch.bfloat16).state_dict()
    yield "half.pt", network().half().state_dict()

    base = torch.arange(24, dtype=torch.float32)
    yield "views.pt", {
        "whole": base, "head": base[:5], "tail": base[20:], "matrix": base.view(2, 3, 4),
        "transposed": base.view(4, 6).t(), "strided": base.view(2, 3, 4)[:, 1:, ::2],
        "permuted": base.view(2, 3, 4).permute(2, 0, 1), "scalar": base[7],
        "empty": base[:0], "empty_axis": base.view(2, 3, 4)[:, :0],
        "channels_last": torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last),
        "expanded": torch.tensor([1.5, -2.5]).expand(3, 2),
    }

    some = torch.tensor([0, 1, 2, 100])
    yield "types.pt", {str(d).removeprefix("torch."): some.to(d) for d in NAMES}

    opt = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9, nesterov=True)
    opt.step()
    # The keys of the AugMix reference's cifar.py, trained under DataParallel.
    yield "module.pt", {
        "epoch": 7, "dataset": "cifar10", "model": "wrn", "best_acc": 0.8725,
        "state_dict": with_prefix(net.state_dict(), "module."), "optimizer": opt.state_dict(),
    }
    yield "model.pt", {"arch": "net", "model": dict(net.state_dict()), "metric": None, "version": 2,
                       "device": torch.device("cpu"), "size": torch.Size([1, 2]), "dtype": torch.float32}
    yield "parameter.pt", {"weight": torch.nn.Parameter(torch.randn(3, 2)),
                           "frozen": torch.nn.Parameter(torch.ones(2), requires_grad=False)}


def pickles():
    """The names, types and shapes are those of TestPickleEqualsPyTorch."""
    zeros = torch.zeros
    sizes = [(), (1,), (255,), (256,), (2, 3), (2, 3, 4), (2, 3, 4, 5), (1, 2, 1, 2, 1), (0,), (2, 0, 3),
             (65535, 0), (65536, 0), (2**31 - 1, 0), (2**31, 0), (2**32 + 1, 0), (2**40, 0)]
    states = {
        "types": {str(d).removeprefix("torch."): zeros(2, dtype=d) for d in NAMES},
        "shapes": {f"s{i}": zeros(size) for i, size in enumerate(sizes)},
        **{f"{n} tensors": {f"t{i}": zeros(0) for i in range(n)} for n in (1, 999, 1000, 1001, 2002)},
    }
    out = {}
    for name, state in states.items():
        file = io.BytesIO()
        torch.save(collections.OrderedDict(state), file)
        with zipfile.ZipFile(file) as z:
            out[name] = hashlib.sha256(z.read("archive/data.pkl")).hexdigest()
    return out


def main():
    golden = {}
    for name, value in torch_files():
        torch.save(value, HERE / name)
        golden[name] = describe(torch_state(HERE / name))
        old = "legacy_" + name
        if name not in ("types.pt",):
            torch.save(value, HERE / old, _use_new_zipfile_serialization=False)
            golden[old] = describe(torch_state(HERE / old))

    for path in sorted(HERE.glob("written*.pt")):
        golden[path.name] = describe(torch_state(path))
        mapped = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        if describe(mapped) != golden[path.name]:
            raise SystemExit(f"{path}: PyTorch reads something else with mmap")
    (HERE / "pickles.json").write_text(json.dumps(pickles(), indent=1) + "\n")

    some = torch.tensor([0, 1, 2, 100])
    files = {
        "float32.safetensors": (network().state_dict(), {"format": "pt", "note": "naïve <&> \"quoted\""}),
        "bfloat16.safetensors": (network().to(torch.bfloat16).state_dict(), None),
        "types.safetensors": ({str(d).removeprefix("torch."): some.to(d) for d in NAMES}, None),
        "shapes.safetensors": ({"scalar": torch.tensor(3.5), "empty": torch.zeros(0),
                                "empty_axis": torch.zeros(2, 0, 3), "name with / and é": torch.ones(1)}, None),
    }
    for name, (state, metadata) in files.items():
        save_file(state, HERE / name, metadata=metadata)
        with safe_open(HERE / name, "pt") as f:
            # keys() follows the data; the header, whose order Read keeps, is sorted alike.
            header = json.loads((HERE / name).read_bytes()[8:].split(b"}}")[0] + b"}}")
            golden[name] = describe({k: f.get_tensor(k) for k in header if k != "__metadata__"})

    if len(sys.argv) > 1:
        for path in sorted(pathlib.Path(sys.argv[1]).glob("*.th")):
            golden["checkpoints/" + path.name] = describe(torch_state(path))
            if "resnet20" not in path.name:
                golden["checkpoints/" + path.name]["tensors"] = None
    text = json.dumps(golden).replace('{"name"', '\n  {"name"').replace("]}, ", "]},\n ")
    text = text.replace(", \n", ",\n")
    (HERE / "golden.json").write_text(text + "\n")


main()
