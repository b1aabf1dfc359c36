"""result.py FILE EXPRESSION: evaluates a Python expression over the JSON that the program printed.

What it may use: `result`, the whole; `trials(subject)`, all trials or those of one subject, by its name
without settings;
`mean(subject, measure)`, `entries(subject, measure)`; `failures(subject)`; `places()`, the (cell, subject,
block) of each trial; `groups()`; `bindings()`; `firsts(a, b)`; `sqlite(file, query)`, the first value of
an answer. Prints a list with blanks.
"""
import json
import re
import sqlite3
import sys


class Result:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.result = json.load(file)

    def ordinal(self, subject):
        return [s["name"].split(":")[0] for s in self.result["subjects"]].index(subject)

    def of(self, rows, subject):
        return [r for r in rows if subject is None or r["subject"] == self.ordinal(subject)]

    def trials(self, subject=None):
        return self.of(self.result["trials"], subject)

    def places(self):
        return [(t["cell"], t["subject"], t["block"]) for t in self.trials()]

    def firsts(self, a, b):
        """For each cell, in how many blocks a's trial came before b's."""
        at = {(t["cell"], t["subject"], t["block"]): t["position"] for t in self.trials()}
        a, b = self.ordinal(a), self.ordinal(b)
        counts = [0] * len(self.result["cells"])
        for cell, subject, block in at:
            counts[cell] += subject == a and at[cell, a, block] < at[cell, b, block]
        return counts

    def groups(self):
        """[(subject, position), ...] of each block and cell, in the order in which they were executed."""
        groups = {}
        for t in sorted(self.trials(), key=lambda t: (t["block"], t["position"])):
            groups.setdefault((t["block"], t["cell"]), []).append((t["subject"], t["position"]))
        return list(groups.values())

    def bindings(self):
        """(threads, [CPUs of each thread of the plan, roots first]) of each trial."""
        cells = self.result["cells"]
        return [(cells[t["cell"]]["threads"], bound(t["binding"])) for t in self.trials()]

    def mean(self, subject, measure="throughput_calls_per_s"):
        (row,) = self.of(self.result["summary"]["geometric_means"], subject)
        return row[measure]

    def entries(self, subject, measure="throughput_calls_per_s"):
        return [e[measure] for e in self.of(self.result["summary"]["entries"], subject)]

    def failures(self, subject=None):
        return self.of(self.result["summary"]["failures"], subject)


def bound(text):
    """"0;1 x2" as ["0", "1", "1"]."""
    threads = []
    for item in text.split(";"):
        cpus, _, times = item.partition(" x")
        threads += [cpus] * int(times or 1)
    return threads


def sqlite(path, query):
    with sqlite3.connect(path) as db:
        return db.execute(query).fetchone()[0]


def main(path, expression):
    names = {"sqlite": sqlite, "re": re}
    if path != "/dev/null":
        r = Result(path)
        names |= {n: getattr(r, n) for n in dir(r) if not n.startswith("_")}
    value = eval(expression, names)  # the expressions are the tests' own
    if isinstance(value, (list, tuple)):
        value = " ".join(map(str, value))
    print(value)


main(*sys.argv[1:])
