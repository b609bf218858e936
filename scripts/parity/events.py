"""Compares a run's event file, as TensorBoard reads it, with the run's logs.

  events.py RUN

RUN is a run's folder. Every figure of metrics.jsonl and training_log.csv must be
in the event file once, at its step, equal in float32 (of the csv: to its digits),
and nothing else. Needs the package tensorboard, not TensorFlow.
"""

import csv
import json
import struct
import sys

import tensorboard
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def single(x):
    """Rounds to float32."""
    return struct.unpack("f", struct.pack("f", x))[0]


def of_metrics(path):
    """Yields step, tag and value of everything in metrics.jsonl."""
    with open(path, encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            step, epoch = record["step"], "epoch" in record
            names = {"train_loss": "epoch/train_loss", "train_error": "epoch/train_error", "epoch": "epoch/number"} if epoch else {
                "train_loss": "train/loss", "train_error": "train/error", "learning_rate": "train/learning_rate"}
            names |= {"test_n": "test/n", "test_n_expected": "test/n_expected"}
            for key, value in record.items():
                if isinstance(value, dict):
                    yield from ((step, f"{key}/{name}", v) for name, v in value.items() if v is not None)
                elif key != "step":
                    yield step, names[key], value


def main():
    run = sys.argv[1]
    accumulator = EventAccumulator(run, size_guidance={"scalars": 0, "tensors": 0})
    accumulator.Reload()
    found = {}
    for tag in accumulator.Tags()["scalars"]:
        for event in accumulator.Scalars(tag):
            found.setdefault((event.step, tag), []).append(event.value)
    twice = [at for at, values in found.items() if len(values) > 1]

    wrong, compared, ends = [], 0, []
    for step, tag, value in of_metrics(f"{run}/metrics.jsonl"):
        compared += 1
        if tag == "epoch/number":
            ends.append(step)
        if found.pop((step, tag), None) != [single(value)]:
            wrong.append((step, tag, value))
    with open(f"{run}/training_log.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for step, row in zip(ends, rows, strict=True):
        for tag, name, digit in (("epoch/seconds", "time(s)", 1), ("epoch/train_loss_average", "train_loss", 1e-6)):
            compared += 1
            value, got = float(row[name]), found.pop((step, tag), [None])[0]
            # The reference cuts seconds off; the other column is rounded.
            if got is None or not (0 <= got - value < 1 if digit == 1 else abs(got - value) <= digit):
                wrong.append((step, tag, value))
    for at in wrong[:10]:
        print("events: not in the event file, or another value:", at, file=sys.stderr)
    for at in list(found)[:10]:
        print("events: in no log:", at, file=sys.stderr)
    for at in twice[:10]:
        print("events: twice:", at, file=sys.stderr)
    print(f"parity: scalars of {len(rows)} epochs as TensorBoard {tensorboard.__version__} reads them, {compared} compared with the logs: "
          f"wrong, missing, twice or unknown | {len(wrong) + len(found) + len(twice)} | 0")
    sys.exit(bool(wrong or found or twice or not compared))


if __name__ == "__main__":
    main()
