#!/usr/bin/env python3
"""A reader of traces, written from docs/formats.md alone: read_trace.py FILE prints what it counted as JSON."""
import heapq
import json
import struct
import subprocess
import sys

KINDS = ["", "malloc", "calloc", "aligned", "free", "realloc", "realloc_null", "give", "take", "spawn", "join", "end",
         "clock", "extent"]
COLUMNS = KIND, SLOT, SIZE, OTHER, TIME, POSITION = range(6)


class Column:
    def __init__(self, data, at=0, end=None):
        self.data, self.at, self.end = data, at, len(data) if end is None else end

    def byte(self):
        assert self.at < self.end, "a column is too short"
        self.at += 1
        return self.data[self.at - 1]

    def varint(self):
        value = shift = 0
        while True:
            b = self.byte()
            value |= (b & 0x7F) << shift
            shift += 7
            if b < 0x80:
                return value

    def difference(self):
        n = self.varint()
        return n >> 1 ^ -(n & 1)


class Thread:
    def __init__(self):
        self.live = {}  # slot -> bytes
        self.free, self.n_slots = [], 0  # slots below n_slots that are free
        self.ns = 0

    def enter(self, size):
        if self.free:
            slot = heapq.heappop(self.free)
        else:
            slot, self.n_slots = self.n_slots, self.n_slots + 1
        self.live[slot] = size

    def leave(self, slot):
        del self.live[slot]
        heapq.heappush(self.free, slot)


class Trace:
    def __init__(self):
        self.kinds = dict.fromkeys(KINDS[1:], 0)
        self.threads, self.cells = {}, {}
        self.requested = 0

    def part(self, thread, columns, base):
        me = self.threads.setdefault(thread, Thread())
        slot, last = 0, {"give": base, "take": base}
        for _ in range(columns[KIND].end - columns[KIND].at):
            kind = KINDS[columns[KIND].byte()]
            self.kinds[kind] += 1
            if kind in ("free", "realloc", "give"):
                slot += columns[SLOT].difference()
                size = me.live[slot]
            if kind in ("give", "take"):
                last[kind] += columns[OTHER].difference()
            if kind in ("aligned", "spawn", "join", "extent"):
                columns[OTHER].varint()
            if kind == "realloc":
                assert columns[SIZE].varint() == size or size is None, "a realloc of another size"
            if kind in ("malloc", "calloc", "aligned", "realloc", "realloc_null"):
                size = columns[SIZE].varint()
                self.requested += size
            if kind in ("free", "give"):
                me.leave(slot)
            if kind == "give":
                self.cells[last[kind]] = size
            if kind == "realloc":
                me.live[slot] = size
            elif kind == "take":
                me.enter(self.cells.pop(last[kind], None))  # None: given further down in this chunk
            elif kind in ("malloc", "calloc", "aligned", "realloc_null"):
                me.enter(size)
            elif kind == "clock":
                me.ns += columns[TIME].varint()
                columns[POSITION].varint()
        assert all(c.at == c.end for c in columns), "a column is too long"

    def chunk(self, raw):
        base, table = self.kinds["give"], Column(raw)
        thread, rows = 0, []
        for _ in range(table.varint()):
            thread += table.varint()
            rows.append((thread, [table.varint() for _ in COLUMNS]))
        at, parts = table.at, [[] for _ in rows]
        for c in COLUMNS:
            for part, (_, lengths) in zip(parts, rows):
                part.append(Column(raw, at, at + lengths[c]))
                at += lengths[c]
        assert at == len(raw), "a chunk is longer than its columns"
        for part, (thread, _) in zip(parts, rows):
            self.part(thread, part, base)


def read(path):
    with open(path, "rb") as f:
        data = f.read()
    assert data[:8] == b"anbtrac\0" and struct.unpack_from("<I", data, 8)[0] == 2, "no trace of version 2"
    text_bytes, n_threads = struct.unpack_from("<II", data, 12)
    at, lengths, frames = 256 + text_bytes, [], b""
    while data[at:at + 4] == b"chnk":
        _, _, raw_bytes, frame_bytes, _ = struct.unpack_from("<4sIIIQ", data, at)
        lengths.append(raw_bytes)
        frames += data[at + 24:at + 24 + frame_bytes]
        at += 24 + frame_bytes
    raw = subprocess.run(["zstd", "-dc"], input=frames, stdout=subprocess.PIPE, check=True).stdout
    trace, begin = Trace(), 0
    for n in lengths:
        trace.chunk(raw[begin:begin + n])
        begin += n
    assert data[at:at + 8] == b"anbtend\0" and len(data) == at + 224, "no footer"
    checksum = 0xCBF29CE484222325
    for b in data[:-8]:
        checksum = (checksum ^ b) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    assert struct.unpack_from("<Q", data, len(data) - 8)[0] == checksum, "the checksum does not match"
    return {"command": data[256:256 + text_bytes - 1].replace(b"\0", b" ").decode(), "threads": n_threads,
            "kinds": trace.kinds, "requested_bytes": trace.requested, "file_bytes": len(data)}


if __name__ == "__main__":
    print(json.dumps(read(sys.argv[1]), indent=2))
