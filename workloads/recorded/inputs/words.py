"""
Text made of made-up words, the frequent ones often: words.py BYTES writes it; words.py BYTES FOLDER
spreads it over many small files in folders there. The same arguments give the same text.
"""

import pathlib
import random
import sys

rng = random.Random(8)
LETTERS = "eeeettaaooiinnsshrdlucmfwypvbgkqjxz"
WORDS = ["".join(rng.choices(LETTERS, k=rng.randint(2, 9))) for _ in range(6000)]
STREAM = rng.choices(WORDS, [1 / (rank + 3) for rank in range(len(WORDS))], k=300000)


def lines(size):
    while size > 0:
        start = rng.randrange(len(STREAM) - 16)
        line = " ".join(STREAM[start : start + rng.randint(4, 16)]) + "\n"
        size -= len(line)
        yield line


def tree(size, folder):
    number = 0
    while size > 0:
        place = pathlib.Path(folder) / f"part{number % 37}" / f"{WORDS[number % 211]}"
        place.mkdir(parents=True, exist_ok=True)
        if number % 37 == 0:
            (place / ".gitignore").write_text(f"*.tmp\n/{WORDS[number % 500]}*\n!keep.*\n")
        bytes_here = min(size, int(200 * rng.paretovariate(1.0)))
        (place / f"{number}.{rng.choice(['txt', 'md', 'tmp', 'c'])}").write_text("".join(lines(bytes_here)))
        size -= bytes_here
        number += 1


if len(sys.argv) > 2:
    tree(int(sys.argv[1]), sys.argv[2])
else:
    sys.stdout.writelines(lines(int(sys.argv[1])))
