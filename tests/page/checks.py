"""What the tests of the page share: checks as TAP, the page's data, and what a chart draws."""

import json
import re
import sys

n_checks = 0
n_failed = 0


def check(name, is_so, *what):
    global n_checks, n_failed
    n_checks += 1
    n_failed += not is_so
    print(f"{'ok' if is_so else 'not ok'} {n_checks} - {name}")
    for line in what if not is_so else ():
        print(f"# {str(line)[:1500]}")
    sys.stdout.flush()


def embedded(path):
    with open(path, encoding="utf-8") as page:
        text = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read(), re.DOTALL).group(1)
    return text, json.loads(text)


def is_quiet(name, page, path):
    check(f"{name}: no message, error or dialog", not page.complaints, *page.complaints)
    check(f"{name}: nothing is asked for but the file itself", page.asked == ["file://" + path], page.asked)


# How much a chart draws: shapes with a size. The frame alone has a few.
DRAWN = """(id) => { const box = document.getElementById(id), svg = box.querySelector("svg");
  if (!svg || !box.offsetWidth) return null;
  const shapes = [...svg.querySelectorAll("path, rect, polyline, circle")].filter((n) => { const b = n.getBBox(); return b.width + b.height > 0; });
  return { shapes: shapes.length, texts: [...svg.querySelectorAll("text")].map((t) => t.textContent), label: box.getAttribute("aria-label"), role: box.getAttribute("role"),
    width: svg.getBoundingClientRect().width, room: box.clientWidth }; }"""


def drawn(page, chart):
    return page.value(f"({DRAWN})('{chart}')")


def finish():
    print(f"1..{n_checks}")
    sys.exit(n_failed > 0)
