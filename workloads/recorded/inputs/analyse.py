"""
The program of python.sh: a made-up log is parsed into objects, grouped, indexed, asked through
asyncio tasks, written as JSON and read back. All of it is seeded; it prints one check sum.
"""

import asyncio
import collections
import dataclasses
import json
import random
import re
import zlib

rng = random.Random(12)
LINE = re.compile(r"(\d+) (\w+) (\w+)@([\w.]+) (\d+)ms \[([^\]]*)\]")


@dataclasses.dataclass
class Visit:
    second: int
    action: str
    user: str
    host: str
    took: int
    words: list


def log(lines):
    actions = ["get", "put", "list", "drop", "watch"]
    for i in range(lines):
        words = " ".join("w%d" % int(rng.paretovariate(0.9)) for _ in range(rng.randint(0, 12)))
        yield "%d %s user%d@host%d.example %dms [%s]" % (
            i, rng.choice(actions), rng.randrange(900), rng.randrange(40), rng.randint(1, 3000), words)


def parse(lines):
    for line in lines:
        second, action, user, host, took, words = LINE.match(line).groups()
        yield Visit(int(second), action, user, host, int(took), words.split())


def index(visits):
    found = collections.defaultdict(set)
    for number, visit in enumerate(visits):
        for word in visit.words:
            found[word].add(number)
    return found


def by_user(visits):
    groups = collections.defaultdict(lambda: {"actions": collections.Counter(), "hosts": {}, "took": []})
    for visit in visits:
        group = groups[visit.user]
        group["actions"][visit.action] += 1
        group["hosts"].setdefault(visit.host, []).append(visit.second)
        group["took"].append(visit.took)
    return groups


async def ask(queue, visits, found):
    total = 0
    while (words := await queue.get()) is not None:
        common = set.intersection(*(found.get(w, set()) for w in words))
        total += sum(visits[i].took for i in common)
        await asyncio.sleep(0)
    return total


async def serve(visits, found):
    queue = asyncio.Queue(maxsize=8)
    askers = [asyncio.create_task(ask(queue, visits, found)) for _ in range(5)]
    for _ in range(1500):
        await queue.put(["w%d" % int(rng.paretovariate(0.9)) for _ in range(2)])
    for _ in askers:
        await queue.put(None)
    return sum(await asyncio.gather(*askers))


def round_trip(groups):
    text = json.dumps(groups, sort_keys=True)
    return zlib.crc32(text.encode()), json.loads(text)


def main():
    check = 0
    for lines in (9000, 3000, 14000):  # each round drops what the one before had built
        visits = list(parse(log(lines)))
        found = index(visits)
        check += asyncio.run(serve(visits, found))
        crc, groups = round_trip(by_user(visits))
        check ^= crc
        ranked = sorted(groups.items(), key=lambda item: (-len(item[1]["took"]), item[0]))
        check += sum(len("%s:%s" % (user, group["took"])) for user, group in ranked)
    print(check)


main()
