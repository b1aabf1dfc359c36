"""
Writes a made-up history for `git fast-import`, always the same: some hundred small source files, edited,
added and renamed over many commits on two branches.
"""

import random
import sys

COMMITS = 2500
rng = random.Random(5)
out = sys.stdout
names = ["count", "limit", "block", "state", "index", "table", "first", "other", "total", "entry"]


def source_line():
    a, b = rng.choice(names), rng.choice(names)
    return f"    {a}_{rng.randint(0, 400)} = {b}({rng.randint(0, 9999)}, {rng.choice(names)});\n"


def data(text):
    out.write(f"data {len(text)}\n{text}\n")


files = {f"part{i % 17}/{rng.choice(names)}{i}.c": [source_line() for _ in range(rng.randint(5, 260))]
         for i in range(300)}


def edit(lines):
    place = rng.randrange(len(lines))
    if rng.random() < 0.3 and len(lines) > 4:
        del lines[place : place + 2]
    else:
        lines[place:place] = [source_line() for _ in range(rng.randint(1, 6))]


def commit(number, touched):
    out.write(f"commit refs/heads/{'main' if number % 5 else 'side'}\n")
    out.write(f"committer A Writer <a@example.org> {1000000000 + number * 3600} +0000\n")
    data(f"change {number}\n")
    for name in touched:
        out.write(f"M 100644 inline {name}\n")
        data("".join(files[name]))


commit(1, files)
for number in range(2, COMMITS):
    touched = rng.sample(sorted(files), rng.randint(1, 4))
    for name in touched:
        edit(files[name])
    commit(number, touched)
