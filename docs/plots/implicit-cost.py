#!/usr/bin/env python3
"""implicit-cost.py measure REPLACE FOLDER: what a free and a malloc cost beside many live blocks.
implicit-cost.py draw: the picture of what was measured last.

REPLACE is the program replace, FOLDER has the project's libraries. The numbers go to implicit-cost.csv, the
picture, ../implicit-cost.svg, is drawn from these. `meson compile -C build docs-plots` does both, in five to
ten minutes. Drawing wants matplotlib: apt-get install --no-install-recommends python3-matplotlib
"""
import csv
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(HERE, "implicit-cost.csv")
PICTURE = os.path.join(HERE, os.pardir, "implicit-cost.svg")

BATCHES = 15
ROUNDS = 5

# Name, library, settings, log2 of the most blocks, how the line looks. The search of all blocks ends where
# filling the heap and two replacements for each block take half a minute.
SERIES = (
    ("first fit", "implicit", "implicit.fit=first", 15, "#D55E00", "o"),
    ("best fit", "implicit", "implicit.fit=best", 15, "#AA4499", "s"),
    ("next fit", "implicit", "implicit.fit=next", 17, "#0072B2", "^"),
    ("glibc", None, "", 20, "#666666", "D"),
    ("ptmalloc", "ptmalloc", "", 20, "#009E73", "v"),
)
SEARCHES_ALL = ("first fit", "best fit")


def batch_of(name, blocks):
    """Replacements of one batch: far more than a reading of the clock costs."""
    return max(200, 40000 // blocks) if name in SEARCHES_ALL else 20000 + blocks // 8


def rounds_of(name, blocks):
    """Processes, spread over the whole time, so that a busy moment of the machine spoils few of a point's."""
    once_above = {"first fit": 1 << 13, "best fit": 1 << 13, "next fit": 1 << 15}
    if blocks > once_above.get(name, blocks):
        return 1
    return ROUNDS


def one_process(program, folder, series, blocks):
    """(blocks passed over or "", nanoseconds of each batch)."""
    name, library, settings = series[:3]
    environment = {"ARENABENCH_TUNABLES": settings}
    if library:
        environment["LD_PRELOAD"] = os.path.join(folder, f"libarenabench-{library}.so")
    words = [program, str(blocks), str(2 * blocks), str(batch_of(name, blocks)), str(BATCHES)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0 or done.stderr:
        sys.exit(f"implicit-cost.py: {name}, {blocks} blocks: status {done.returncode}\n{done.stderr}")
    passed, *ns = done.stdout.split()
    if (passed == "-") == (library == "implicit"):
        sys.exit(f"implicit-cost.py: {name}: the preload did not take effect")
    return passed.replace("-", ""), [float(x) for x in ns]


def part(ordered, share):
    return ordered[round(share * (len(ordered) - 1))]


def measure(program, folder):
    ns, passed = {}, {}
    points = [(series, 1 << exponent) for exponent in range(4, 1 + max(series[3] for series in SERIES))
              for series in SERIES if exponent <= series[3]]
    for turn in range(ROUNDS):
        for series, blocks in points:
            if turn < rounds_of(series[0], blocks):
                point = series[0], blocks
                print(*point, flush=True)
                passed[point], batches = one_process(program, folder, series, blocks)
                ns.setdefault(point, []).extend(batches)
    with open(TABLE, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["allocator", "blocks", "passed_over", "batches", "ns_median", "ns_p10", "ns_p90"])
        for point, batches in ns.items():
            batches.sort()
            out.writerow([*point, passed[point], len(batches)] +
                         [f"{part(batches, share):.1f}" for share in (0.5, 0.1, 0.9)])


def read_table():
    table = {}
    with open(TABLE, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            table.setdefault(row["allocator"], []).append(row)
    return table


def column(rows, name):
    return [float(row[name]) for row in rows]


def label(axes, rows, name, key, series, shift=0.0):
    axes.annotate(name, (float(rows[-1]["blocks"]), float(rows[-1][key])), xytext=(7, shift),
                  textcoords="offset points", va="center", color=series[4], fontweight="bold")


def draw_panel(axes, table, key, title, unit):
    for series in SERIES:
        rows = [row for row in table[series[0]] if row[key]]
        if not rows:
            continue
        blocks = column(rows, "blocks")
        axes.plot(blocks, column(rows, key), color=series[4], marker=series[5], markersize=4, linewidth=1.6)
        if key == "ns_median":
            axes.fill_between(blocks, column(rows, "ns_p10"), column(rows, "ns_p90"), color=series[4],
                              alpha=0.2, linewidth=0)
        shift = {"first fit": -6, "best fit": 7, "ptmalloc": -7, "glibc": 7}.get(series[0], 0)
        label(axes, rows, series[0], key, series, shift)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_title(title, loc="left", fontsize=12)
    axes.set_xlabel("live blocks")
    axes.set_ylabel(unit)
    axes.grid(True, which="major", color="#dddddd", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def must_have_matplotlib():
    if not importlib.util.find_spec("matplotlib"):
        sys.exit(f"implicit-cost.py: {sys.executable} has no matplotlib: "
                 "apt-get install --no-install-recommends python3-matplotlib")


def draw():
    import matplotlib
    matplotlib.use("svg")
    from matplotlib import pyplot, ticker
    matplotlib.rcParams.update({"font.size": 11, "svg.hashsalt": "arenabench", "svg.fonttype": "path"})
    table = read_table()
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11.5, 5), layout="constrained")
    draw_panel(left, table, "passed_over", "Blocks that one malloc passes over", "blocks (mean)")
    draw_panel(right, table, "ns_median", "CPU time of one free and one malloc",
               "nanoseconds (median; band: 10th to 90th percentile)")
    for axes, most in ((left, 20), (right, 24)):
        exponents = range(4, 21, 2)
        axes.set_xlim(2 ** 3.6, 2 ** most)
        axes.set_xticks([2 ** e for e in exponents if e < most])
        axes.xaxis.set_major_formatter(ticker.FuncFormatter(
            lambda x, _: f"{x:.0f}" if x < 1024 else f"{x / 1024:.0f} K" if x < 2 ** 20 else "1 M"))
    right.yaxis.set_major_formatter(ticker.FuncFormatter(lambda y, _: f"{y:,.0f}".replace(",", " ")))
    left.yaxis.set_major_formatter(ticker.FuncFormatter(lambda y, _: f"{y:g}" if y < 1 else f"{y:,.0f}".replace(",", " ")))
    figure.savefig(PICTURE, format="svg", facecolor="white", metadata={"Date": None})


def main(words):
    if words:
        must_have_matplotlib()
    if len(words) == 3 and words[0] == "measure":
        with tempfile.TemporaryDirectory(prefix="arenabench-") as room:  # LD_PRELOAD takes no blanks
            for library in {series[1] for series in SERIES if series[1]}:
                shutil.copy(os.path.join(words[2], f"libarenabench-{library}.so"), room)
            measure(words[1], room)
        draw()
    elif words == ["draw"]:
        draw()
    else:
        print(__doc__, file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main(sys.argv[1:])
