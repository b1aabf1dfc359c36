#!/usr/bin/env python3
"""
Writes README.md's tables from the traces beside it, as `arenabench info` tells them, and from the
installed packages: run it right after recording, as all.sh does.
usage: figures.py [--check]     --check: changes nothing; fails where the tables are not of these traces
ARENABENCH names the arenabench to use (default: the one of this checkout).
"""

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
    """What `arenabench info` prints, by the name of the line."""
    lines = run(ARENABENCH, "info", str(trace)).splitlines()
    return {line[:21].strip(): line[21:].strip() for line in lines}


def package(recipe):
    """The package of the program under test, which the recipe's first `needs` names, and its version."""
    name = re.search(r"^needs \S+ (\S+)$", recipe.read_text(), re.MULTILINE).group(1)
    return name, run("dpkg-query", "--show", "--showformat=${Version}", name)


def thousands(number):
    return f"{int(number):,}".replace(",", " ")


def row(cells):
    return "| " + " | ".join(cells) + " |\n"


def table(head, rows):
    return row(head) + row(["---"] + ["---:"] * (len(head) - 1)) + "".join(rows)


def shape(name, facts):
    events = facts["events"].split(",")[0]
    threads, at_once = re.match(r"(\d+), at most (\d+) at once", facts["threads"]).groups()
    live, objects = re.match(r"(.*) in at most (\d+) objects", facts["peak live"]).groups()
    return row([
        name, thousands(events), f"{threads} ({at_once})", facts["remote frees"].split(", ")[1].split(" of")[0],
        live, thousands(objects), facts["requested in all"],
    ])


def recording(name, facts, program):
    losses = [facts.get(line, "0").split(":")[0] for line in ("lost events", "unknown frees", "conflicts")]
    return row([
        name, program, facts["duration"], facts["file"],
        re.search(r"([\d.]+) bytes each", facts["events"]).group(1), ", ".join(losses),
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
        commands.append(f"    {facts['program']}\n")
    return "\n".join([
        "",
        table(["trace", "events", "threads (at once)", "remote frees", "most live", "objects", "requested in all"],
              shapes),
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
