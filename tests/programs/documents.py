"""documents.py ROUNDS RECORDS: each round four threads parse, change and write documents of so many records.

Prints a sum of each round. Afterwards the resident memory is appended to the file $ROUNDS, in KiB.
"""
import hashlib
import json
import sys
import threading

import suite


def document(seed, n_records):
    return json.dumps([{"id": i, "name": f"record {seed} {i * 7919 % 10007}", "values": list(range(i % 23)),
                        "of": {"x": i / 7, "text": "é" * (i % 97)}} for i in range(n_records)])


def change(seed, n_records, sums):
    records = json.loads(document(seed, n_records))
    for record in records:
        record["values"] = sorted(record["values"] * 2, reverse=True)
        record["of"]["text"] += record["name"] * (record["id"] % 5)
    kept = {record["name"]: record for record in records if record["id"] % 3}
    sums[seed] = hashlib.sha256(json.dumps(kept, sort_keys=True, indent=1).encode()).hexdigest()


def main(rounds, n_records):
    for number in range(rounds):
        sums = {}
        threads = [threading.Thread(target=change, args=(seed, n_records + number % 2, sums)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(number, *(sums[seed] for seed in sorted(sums)))
        suite.mark()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
