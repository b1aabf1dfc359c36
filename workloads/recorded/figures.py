#!/usr/bin/env python3
"""
Writes README.md's tables from the traces beside it, as `arenabench info --json` tells them, and from the
installed packages: run it right after recording, as all.sh does.
usage: figures.py [--check]     --check: changes nothing; fails where the tables are not of these traces
ARENABENCH names the arenabench to use (default: the one of this checkout).
"""

import json
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
README = HERE / "README.md"
START, END = "<!-- figures.py writes from here -->\n", "<!-- to here -->\n"
ARENABENCH = os.environ.get("ARENABENCH", str(HERE / "../../arenabench"))


def run(*words):
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout


def info(trace):
    return json.loads(run(ARENABENCH, "info", "--json", str(trace)))


def package(recipe):
    """The package of the program under test, which the recipe's first `needs` names, and its version."""
    name = re.search(r"^needs \S+ (\S+)$", recipe.read_text(), re.MULTILINE).group(1)
    return name, run("dpkg-query", "--show", "--showformat=${Version}", name)


def thousands(number):
    return f"{number:,}".replace(",", " ")


def in_bytes(number):
    for unit in ("bytes", "KiB", "MiB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1024
    return f"{number:.3g} GiB"


def size_below(facts, share):
    """The end of the size class within which that share of the allocations is reached."""
    left = share * facts["allocations"]
    for line in facts["sizes"]:
        left -= line["allocations"]
        if left <= 0:
            return in_bytes(max(2 * line["from_bytes"], 1))
    return "-"


def row(cells):
    return "| " + " | ".join(cells) + " |\n"


def table(head, rows):
    return row(head) + row(["---"] + ["---:"] * (len(head) - 1)) + "".join(rows)


def shape(name, facts):
    return row([
        name, thousands(facts["events"]), f"{facts['threads']} ({facts['most_threads']})",
        f"{100 * facts['remote_frees'] / max(facts['kinds']['free'], 1):.1f} %",
        size_below(facts, 0.5), size_below(facts, 0.9), size_below(facts, 1),
        in_bytes(facts["peak_live_bytes"]), thousands(facts["peak_live_objects"]), in_bytes(facts["requested_bytes"]),
    ])


def recording(name, facts, program):
    return row([
        name, program, f"{facts['duration_ns'] / 1e9:.2f} s", in_bytes(facts["file_bytes"]),
        f"{facts['file_bytes'] / max(facts['events'], 1):.2f}",
        ", ".join(str(facts[what]) for what in ("lost_events", "unknown_frees", "conflicts")),
    ])


def tables(old):
    shapes, recordings, commands = [], [], []
    for trace in sorted(HERE.glob("*.trace"), key=lambda path: path.stem):
        name, facts = trace.stem, info(trace)
        if old is None:
            program = " ".join(package(trace.with_suffix(".sh")))
        else:  # a trace does not hold it
            program = re.search(rf"^\| {name} \| ([^|]*) \| [^|]* s \|", old, re.MULTILINE).group(1)
        shapes.append(shape(name, facts))
        recordings.append(recording(name, facts, program))
        commands.append(f"    {facts['command']}\n")
    return "\n".join([
        "",
        table(["trace", "events", "threads (at once)", "remote frees", "half below", "9 of 10 below", "all below",
               "most live", "objects", "requested in all"], shapes),
        table(["trace", "program: package and version", "took", "file", "bytes per event", "lost, unknown, conflicts"],
              recordings),
        "The recorded commands:\n",
        "".join(commands),
        "",
    ])


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__.strip())
    before, rest = README.read_text().split(START)
    old, after = rest.split(END)
    new = tables(old if check else None)
    if check and new != old:
        sys.exit("figures.py: README.md's tables are not those of the traces: run figures.py")
    if not check:
        README.write_text(before + START + new + END + after)


main()
