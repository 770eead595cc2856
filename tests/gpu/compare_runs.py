#!/usr/bin/env python3
"""compare_runs.py RUN RUN [--tolerance 1e-4]: two runs of one recipe, as on the CPU and with CUDA.

Compares the losses, gradient norms and rewards of every step and the weights of the last checkpoint, and prints a table.
Needs nothing beside Python. Exit code 1 when something differs by more than the tolerance, relative to the first run.
"""

import array
import json
import math
import pathlib
import struct
import sys

METRICS = ("actor/pg_loss", "actor/grad_norm", "actor/entropy", "critic/rewards/mean", "sampling/sampling_logp_difference/mean")


def metrics(run):
    lines = (pathlib.Path(run) / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def tensors(run):
    """The float32 tensors of the last checkpoint, by name."""
    path = max((pathlib.Path(run) / "checkpoints").glob("step-*")) / "model.safetensors"
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    found = {}
    for name, entry in header.items():
        if name != "__metadata__":
            first, last = entry["data_offsets"]
            values = array.array("f")
            values.frombytes(data[8 + length + first : 8 + length + last])
            found[name] = values
    return found


def difference(first, second):
    """|a - b| / |a| over all elements."""
    apart = math.sqrt(sum((a - b) ** 2 for a, b in zip(first, second)))
    size = math.sqrt(sum(a * a for a in first))
    return apart / size if size else apart


def main():
    arguments = sys.argv[1:]
    tolerance = float(arguments.pop(arguments.index("--tolerance") + 1)) if "--tolerance" in arguments else 1e-4
    first, second = [a for a in arguments if not a.startswith("--")]
    rows, worst = [], 0.0
    for a, b in zip(metrics(first), metrics(second), strict=True):
        for name in METRICS:
            if name in a and name in b and name != METRICS[-1]:
                apart = abs(a[name] - b[name]) / max(1e-6, abs(a[name]))
                rows.append((f"step {a['step']} {name}", a[name], b[name], apart))
    weights, others = tensors(first), tensors(second)
    for name in sorted(weights):
        rows.append((name, len(weights[name]), len(others[name]), difference(weights[name], others[name])))
    print(f"{'':<60}{'first':>14}{'second':>14}{'relative':>12}")
    for name, a, b, apart in rows:
        worst = max(worst, apart)
        print(f"{name:<60}{a:>14.6g}{b:>14.6g}{apart:>12.2e}{'' if apart <= tolerance else '  too far'}")
    print(f"largest difference {worst:.2e}, tolerance {tolerance:.0e}")
    return 0 if worst <= tolerance else 1


if __name__ == "__main__":
    sys.exit(main())
