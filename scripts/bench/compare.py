"""Runs two commands in turn and prints how many times faster the first is.

  compare.py [options] 'COMMAND A' 'COMMAND B'

Each command prints one JSON object as the last line of its standard output.
--key names a number in it, or a list of numbers whose median counts. Runs go
A B A B ..., so that whatever else the machine does meets both; the ratio is
taken pair by pair and reported as median with its spread. The table's row goes
to standard output, and with --json the figures go to a file as well.
"""

import argparse
import json
import statistics
import subprocess
import sys


def measure(command, key):
    """Runs command and returns its figure; ends the program if there is none."""
    done = subprocess.run(command, shell=True, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"compare: exit status {done.returncode} from: {command}")
    try:
        found = json.loads(done.stdout.strip().splitlines()[-1])[key]
        return float(statistics.median(found) if isinstance(found, list) else found)
    except (IndexError, KeyError, TypeError, ValueError) as err:
        sys.exit(f"compare: no number {key!r} in the last line printed by: {command} ({err!r})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commands", nargs=2, metavar="COMMAND")
    parser.add_argument("--names", nargs=2, default=("A", "B"), metavar="NAME", help="what to call them")
    parser.add_argument("--key", default="steps_per_second", help="figure to compare (default steps_per_second)")
    parser.add_argument("--lower", action="store_true", help="the figure is a time: less is faster")
    parser.add_argument("--pairs", type=int, default=7, help="default 7")
    parser.add_argument("--at-least", type=float, metavar="R", help="exit with 1 if the median ratio is below R")
    parser.add_argument("--json", metavar="FILE", help="also write the figures to FILE")
    arguments = parser.parse_args()
    if arguments.pairs < 1:
        parser.error("--pairs must be at least 1")

    pairs, ratios = [], []
    for number in range(arguments.pairs):
        a, b = (measure(command, arguments.key) for command in arguments.commands)
        pairs.append((a, b))
        ratios.append(b / a if arguments.lower else a / b)
        print(f"compare: pair {number + 1} of {arguments.pairs}: {a:.4g} and {b:.4g}, ratio {ratios[-1]:.3f}",
              file=sys.stderr, flush=True)

    medians = [statistics.median(side) for side in zip(*pairs)]
    median, low, high = statistics.median(ratios), min(ratios), max(ratios)
    print(f"| {arguments.names[0]} / {arguments.names[1]} | {arguments.key} | {medians[0]:.4g} | {medians[1]:.4g} |"
          f" {median:.2f} ({low:.2f} to {high:.2f}, {len(ratios)} pairs) |")
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump({"names": list(arguments.names), "key": arguments.key, "pairs": pairs, "ratios": ratios,
                       "median_ratio": median, "min_ratio": low, "max_ratio": high}, file, indent=1)
            file.write("\n")
    if arguments.at_least is not None and median < arguments.at_least:
        sys.exit(f"compare: {median:.3f} is below {arguments.at_least}")


if __name__ == "__main__":
    main()
