#!/usr/bin/python3
"""Holds replays of the shipped traces against their programs, and prints the tables of docs/method.md.

usage: fidelity.py [-k FOLDER] [NAME...] [-- OPTION...]

NAME is a recorded workload (default: all); the options go to `arenabench validate`, as in
`-- -b 9 --cores 0-3`. -k keeps each result as FOLDER/NAME.json and draws FOLDER/NAME.svg; a result that
is there already is taken as it is, so that an interrupted measurement goes on where it stood.
$ARENABENCH names the arenabench to use (default: the one of this checkout).
"""
import json
import os
import pathlib
import shlex
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ARENABENCH = os.environ.get("ARENABENCH") or str(HERE / "../../arenabench")
MIB = 1 << 20


def split_words(words):
    """The folder to keep results in (or None), the names, and the options behind "--"."""
    options = []
    if "--" in words:
        at = words.index("--")
        words, options = words[:at], words[at + 1:]
    folder = None
    if words[:1] == ["-k"] and len(words) > 1:
        folder, words = pathlib.Path(words[1]), words[2:]
    if any(word.startswith("-") for word in words):
        sys.exit(__doc__)
    return folder, words or sorted(p.stem for p in HERE.glob("*.trace")), options


def measure(name, folder, options):
    kept = folder / f"{name}.json" if folder else None
    if kept and kept.exists():
        return json.loads(kept.read_text())
    recipe = shlex.quote(str(HERE / f"{name}.sh"))
    command = [ARENABENCH, "validate", str(HERE / f"{name}.trace"), "--with", recipe + " --run",
               "--json", *options]
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        command += ["-o", str(folder / f"{name}.svg")]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode not in (0, 1):
        print(f"fidelity.py: {name} was not measured", file=sys.stderr)
        return None
    if kept:
        kept.write_bytes(done.stdout)
    return json.loads(done.stdout)


def show(value, form, scale=1.0):
    return "–" if value is None else form % (value * scale)


def ranks(values):
    return [None if v is None else 1 + sum(o is not None and o < v for o in values) for v in values]


def print_memory(results):
    names = [a["allocator"] for a in results[0][1]["allocators"]]
    print("\n| peak heap, MiB: real → replayed (error) | " + " | ".join(names) + " | order: tau (pairs) |")
    print("| --- |" + " ---: |" * (len(names) + 1))
    for name, result in results:
        cells = []
        for a in result["allocators"]:
            peak = a["peak_heap_bytes"]
            cells.append(f"{show(peak['real']['median'], '%.1f', 1 / MIB)} → "
                         f"{show(peak['replayed']['median'], '%.1f', 1 / MIB)} "
                         f"({show(a['peak_error'], '%+.1f %%', 100)})")
        order = result["memory_order"]
        print(f"| {name} | " + " | ".join(cells) + f" | {show(order['tau'], '%.2f')} ({order['pairs']}) |")


def print_time(results):
    names = [a["allocator"] for a in results[0][1]["allocators"]]
    print("\n| CPU time, s: real / replayed (place / place) | " + " | ".join(names) + " | order: tau (pairs) |")
    print("| --- |" + " ---: |" * (len(names) + 1))
    for name, result in results:
        sides = [[a["cpu_s"][side]["median"] for a in result["allocators"]]
                 for side in ("real", "replayed")]
        places = [ranks(side) for side in sides]
        cells = [f"{show(sides[0][i], '%.2f')} / {show(sides[1][i], '%.3f')} "
                 f"({places[0][i]} / {places[1][i]})" for i in range(len(sides[0]))]
        order = result["time_order"]
        print(f"| {name} | " + " | ".join(cells) + f" | {show(order['tau'], '%.2f')} ({order['pairs']}) |")


def print_whole(results):
    errors = sorted(abs(a["peak_error"]) for _, r in results for a in r["allocators"]
                    if a["peak_error"] is not None)
    if errors:
        print(f"\nPeak heap, {len(errors)} pairs of program and allocator: median error "
              f"{100 * statistics.median(errors):.1f} %, worst {100 * errors[-1]:.1f} %.", end="")
    for what in ("memory", "time"):
        pairs = sum(r[what + "_order"]["pairs"] for _, r in results)
        agreed = sum(r[what + "_order"]["agreed"] for _, r in results)
        if pairs:
            print(f" Order by {what}: tau {agreed / pairs:.2f} over {pairs} pairs.", end="")
    failed = sum(r["failed"] for _, r in results)
    print(f" {failed} trials failed." if failed else "")


def main():
    folder, names, options = split_words(sys.argv[1:])
    results = [(name, measure(name, folder, options)) for name in names]
    results = [(name, result) for name, result in results if result]
    if not results:
        sys.exit("fidelity.py: nothing was measured")
    print_memory(results)
    print_time(results)
    print_whole(results)


main()
