"""mutate.py FILE FOLDER N: N copies of a file, named by numbers, each damaged in a way of its own."""
import random
import sys


def damaged(data, rng):
    data = bytearray(data)
    header = min(len(data), 512)  # where a change weighs most
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(header if rng.random() < 0.6 else len(data))
        data[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, data[at] ^ 1 << rng.randrange(8)))
    if rng.random() < 0.2:
        del data[rng.randrange(len(data)):]
    elif rng.random() < 0.1:
        data += data[:4096]
    return data


def main(source, folder, n):
    with open(source, "rb") as file:
        data = file.read()
    for i in range(int(n)):
        with open(f"{folder}/{i}", "wb") as file:
            file.write(damaged(data, random.Random(i)))


main(*sys.argv[1:])
