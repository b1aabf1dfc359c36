"""Writes the commands of redis-tides.sh: fills, thinnings and refills, always the same ones."""

import random
import sys

TIDES = [  # keys, smallest and largest value, share of the keys deleted one by one
    (20000, 60, 700, 0.7),
    (8000, 800, 4000, 0.6),
    (26000, 20, 300, 0.8),
    (3000, 5000, 24000, 0.5),
]

rng = random.Random(20)
out = []


def put(key, low, high):
    value = "x" * rng.randint(low, high)
    kind = rng.random()
    if kind < 0.7:
        out.append(f"SET {key} {value}")
    elif kind < 0.9:
        for field in range(4):
            out.append(f"HSET {key} field:{field} {value[: len(value) // 4 + 1]}")
    else:
        for member in range(6):
            out.append(f"ZADD {key} {rng.randint(1, 1000)} member:{member}:{value[:70]}")


for tide, (keys, low, high, share) in enumerate(TIDES):
    names = [f"tide:{tide}:{i}" for i in range(keys)]
    for name in names:
        put(name, low, high)
    rng.shuffle(names)
    gone = int(keys * share)
    for i, name in enumerate(names[:gone]):
        out.append(f"UNLINK {name}" if i % 2 else f"DEL {name}")
    for name in rng.sample(names[gone:], (keys - gone) // 3):  # some grow in place
        out.append(f"DEL {name}")
        out.append(f"APPEND {name} {'y' * low}")
        out.append(f"APPEND {name} {'z' * high}")
    if tide % 2:
        out.append("FLUSHALL ASYNC")
out.append("FLUSHALL ASYNC")
sys.stdout.write("\r\n".join(out) + "\r\n")
